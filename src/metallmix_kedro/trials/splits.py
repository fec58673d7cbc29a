"""Which images a trial trains on, validates on and is tested on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metallmix_kedro.errors import InputError

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of one fold's training, validation and test images; they share none."""

    train: Indices
    validation: Indices
    test: Indices


def draw_subset(manifest: pd.DataFrame, size: int | None, seed: int) -> pd.DataFrame:
    """Draw a subset of a dataset's usable images, stratified by class and fold.

    Parameters
    ----------
    manifest : pandas.DataFrame
        A dataset's manifest.
    size : int or None
        Number of images wanted; all usable ones for None or if there are no more. Every class
        keeps at least one image in each fold, so a few more than `size` may come back.
    seed : int
        Seed of the draw.

    Returns
    -------
    pandas.DataFrame
        Rows of the manifest, in its order, with a fresh index.
    """
    usable = manifest[manifest["status"] == "included"].reset_index(drop=True)
    if size is None or len(usable) <= size:
        return usable
    share = size / len(usable)
    rng = np.random.default_rng(seed)
    chosen: list[int] = []
    for _, rows in usable.groupby(["class_name", "fold"], sort=True):
        count = max(1, round(share * len(rows)))
        chosen.extend(rng.choice(rows.index.to_numpy(), size=count, replace=False).tolist())
    return usable.loc[sorted(chosen)].reset_index(drop=True)


def draw_images(
    manifest: pd.DataFrame, subset_size: int | None, test_size: int | None, seed: int
) -> pd.DataFrame:
    """Draw the images that trials train on, and more that they are only tested on.

    Training on more images costs time; testing on more costs little, and a score on few images
    is mostly noise.

    Parameters
    ----------
    manifest : pandas.DataFrame
        A dataset's manifest.
    subset_size : int or None
        Images to train, validate and test on, see `draw_subset`.
    test_size : int or None
        Images to test on, those of the subset among them; None for no others.
    seed : int
        Seed of both draws.

    Returns
    -------
    pandas.DataFrame
        Rows of the manifest, in its order, with a fresh index, and a column ``only_tested``.
    """
    usable = manifest[manifest["status"] == "included"].reset_index(drop=True)
    subset = draw_subset(usable, subset_size, seed)
    chosen = usable["path"].isin(subset["path"])
    extra = (test_size or 0) - len(subset)
    only_tested = pd.Series(False, index=usable.index)
    if extra > 0 and not chosen.all():
        more = draw_subset(usable[~chosen], extra, seed)
        only_tested = usable["path"].isin(more["path"])
    kept = chosen | only_tested
    return usable.assign(only_tested=only_tested)[kept].reset_index(drop=True)


def make_splits(
    folds: pd.Series, n_folds: int, only_tested: pd.Series | None = None
) -> list[Split]:
    """Rotate the folds: fold k tests, the next one validates, the others train.

    Parameters
    ----------
    folds : pandas.Series
        Fold number of each image, shape (n_images,).
    n_folds : int
        How many folds serve as test fold, from fold 0 on.
    only_tested : pandas.Series of bool, optional
        Images that are tested on when their turn comes and left out of everything else.

    Raises
    ------
    InputError
        If there are fewer than three folds, or fewer than `n_folds`.
    """
    numbers = sorted(int(number) for number in folds.unique())
    if len(numbers) < max(3, n_folds):
        raise InputError(
            f"The manifest has {len(numbers)} folds; {max(3, n_folds)} are needed to test on "
            f"{n_folds} of them. Lower experiment_grid.protocol.n_folds or raise "
            "data_ingestion.n_folds (at least 3)."
        )
    fold_of = folds.to_numpy(dtype=np.int64)
    learned = np.ones(len(fold_of), dtype=np.bool_)
    if only_tested is not None:
        learned = ~only_tested.to_numpy(dtype=np.bool_)
    splits = []
    for position in range(n_folds):
        test = numbers[position]
        validation = numbers[(position + 1) % len(numbers)]
        splits.append(
            Split(
                train=np.flatnonzero(learned & (fold_of != test) & (fold_of != validation)),
                validation=np.flatnonzero(learned & (fold_of == validation)),
                test=np.flatnonzero(fold_of == test),
            )
        )
    return splits
