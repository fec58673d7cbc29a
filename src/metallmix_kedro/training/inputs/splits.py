"""Which images a trial trains on, and in which order; which validate, and which test."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metallmix_kedro.images import assign_folds
from metallmix_kedro.support import InputError

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


class ImageSplits:
    """Divides the images of a dataset into training, validation and test images.

    Fold k tests, and all of it; of the other folds the images that train are nested from one level
    to the next: what trains at 100 images trains at 400 too, and so with validation. Class by class
    every `validation_share`-th image validates, as long as one is left to train.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns ``class_name``, ``fold`` and ``near_copy_group`` of the images used.
    validation_share : float
        Share of the images that are not tested on which validate, in (0, 0.5].
    seed : int
        Seed of the draws. With it, the folds are the manifest's own; with any other seed of a
        split they are assigned anew.
    """

    def __init__(self, images: pd.DataFrame, validation_share: float, seed: int) -> None:
        self._images = images
        self._every = max(2, round(1 / validation_share))
        self._seed = seed
        self.n_images = len(images)

    def folds(self, seed: int) -> Indices:
        """Return each image's fold: of the manifest, or drawn anew for another seed."""
        given: Indices = self._images["fold"].to_numpy(dtype=np.int64)
        if seed == self._seed:
            return given
        names, groups = self._images["class_name"], self._images["near_copy_group"]
        n_folds = len(np.unique(given))
        return assign_folds(names.tolist(), groups.tolist(), n_folds, seed, large_first=False)

    def make(self, n_folds: int, min_tested: int, n_train: int | None, seed: int) -> list[Split]:
        """Make the splits of a trial.

        Parameters
        ----------
        n_folds : int
            How many folds serve as test fold, one after another, at least.
        min_tested : int
            Images that are tested on over all these folds, at least: more folds take their turn
            until it is reached, or there are no more.
        n_train : int or None
            Images that train; None: all there are.
        seed : int
            Seed of the order in which images are drawn, and of the folds.

        Raises
        ------
        InputError
            If there are fewer folds than 2 or `n_folds`.
        """
        folds = self.folds(seed)
        numbers = np.unique(folds)
        if len(numbers) < max(2, n_folds):
            raise InputError(
                f"The manifest has {len(numbers)} folds; {max(2, n_folds)} are needed to test on "
                f"{n_folds} of them. Lower experiment_grid.protocol.n_folds or raise "
                "data_ingestion.n_folds."
            )
        splits: list[Split] = []
        for position in range(len(numbers)):
            if position >= n_folds and sum(len(split.test) for split in splits) >= min_tested:
                break
            splits.append(self._split(folds, int(numbers[position]), n_train, seed))
        return splits

    def without_test(self, seed: int) -> Split:
        """Make a split of all images that tests on none: to train a network that is kept."""
        return self._split(np.zeros(self.n_images, dtype=np.int64), 1, None, seed)

    def _split(self, folds: Indices, test: int, n_train: int | None, seed: int) -> Split:
        rng = np.random.default_rng([seed, test])
        learn = np.flatnonzero(folds != test)
        names = self._images["class_name"].to_numpy()[learn]
        validates = np.zeros(len(learn), dtype=np.bool_)
        place = np.empty(len(learn))
        for name in np.unique(names):
            rows = rng.permutation(np.flatnonzero(names == name))
            validates[rows[1 :: self._every]] = True
            for part in (rows[validates[rows]], rows[~validates[rows]]):
                # Evenly over (0, 1), so that any first part of the order has the classes' shares.
                place[part] = (np.arange(len(part)) + rng.random()) / len(part)
            place[rows[0]] = -1  # every class has an image to train on
        order = np.argsort(place, kind="stable")
        train, validation = learn[order[~validates[order]]], learn[order[validates[order]]]
        if n_train is not None:
            n_validation = round(n_train / (self._every - 1))
            train, validation = train[:n_train], validation[: max(1, n_validation)]
        return Split(
            train=np.sort(train), validation=np.sort(validation), test=np.flatnonzero(folds == test)
        )


def batches(rows: Indices, batch_size: int, seed: int, epoch: int) -> Iterator[Indices]:
    """Shuffle rows and cut them into batches.

    The order depends on nothing but the arguments. It is not left to Keras, whose order differs
    between its backends, and whose heads trained together could not see that of one by one.

    Parameters
    ----------
    rows : numpy.ndarray of int
        Rows to train on.
    batch_size : int
        Rows in a batch; the last one may be smaller.
    seed, epoch : int
        Seed of the order, and which epoch it is, counted from 0.

    Yields
    ------
    numpy.ndarray of int
        The rows of one batch.
    """
    shuffled = np.random.default_rng([seed, epoch]).permutation(rows)
    for start in range(0, len(shuffled), batch_size):
        yield shuffled[start : start + batch_size]
