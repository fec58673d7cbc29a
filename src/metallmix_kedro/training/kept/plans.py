"""What is trained on which images, before anything is."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.fitting import Labels, Schedule
from metallmix_kedro.training.inputs.cache import cache_key
from metallmix_kedro.training.inputs.splits import ImageSplits, Split


@dataclass(frozen=True)
class Plan:
    """What is trained, and on what.

    ``images`` has the columns of a manifest, all of them usable, with their folds; ``root`` is the
    folder of their paths. ``splits`` are those of the cross-validation, ``kept`` that of the
    network that is kept: its validation images tell when to stop, and are its test images too.
    """

    configuration: Configuration
    image_size: int
    root: Path
    images: pd.DataFrame
    data_hash: str
    splits: tuple[Split, ...]
    kept: Split
    schedule: Schedule

    def key(self, weights_id: str) -> str:
        """Name it by all that its outcome depends on."""
        return cache_key(
            configuration=self.configuration.as_dict(),
            weights=weights_id,
            image_size=self.image_size,
            data=self.data_hash,
            paths=self.images["path"].tolist(),
            test=[split.test.tolist() for split in self.splits],
            kept=self.kept.validation.tolist(),
            schedule=repr(self.schedule),
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of their numbers."""
        return tuple(sorted(self.images["class_name"].unique()))

    @property
    def labels(self) -> Labels:
        """Class numbers, shape (n_images,)."""
        codes = self.images["class_name"].astype("category").cat.codes
        return np.asarray(codes, dtype=np.int64)


def plan_splits(
    images: pd.DataFrame, n_folds: int, validation_share: float, kept_share: float, seed: int
) -> tuple[tuple[Split, ...], Split]:
    """Divide images for the cross-validation, and for the network that is kept.

    Parameters
    ----------
    images : pandas.DataFrame
        With their folds.
    n_folds : int
        Folds of the cross-validation; 0 for none.
    validation_share, kept_share : float
        Shares, in (0, 0.5], of the images that tell when to stop: of a fold's training images, and
        of all images for the network that is kept.
    seed : int
        Seed of the draws.
    """
    splits = ImageSplits(images, validation_share, seed).make(n_folds, 0, None, seed)
    kept = ImageSplits(images, kept_share, seed).without_test(seed)
    return tuple(splits[:n_folds]), replace(kept, test=kept.validation)
