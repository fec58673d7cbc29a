"""Whether a target is unlike anything in the history."""

from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.index import distances
from metallmix_kedro.support import InputError

MIN_DATASETS = 3
"""With fewer datasets nothing can be said about how far apart datasets usually are."""


@dataclass(frozen=True, slots=True)
class Novelty:
    """How far the target lies from the history, compared with the history's own spread.

    Parameters
    ----------
    nearest_dataset : str
        The dataset most like the target.
    distance : float
        Distance to it.
    threshold : float
        Distance above which the target counts as unlike anything in the history; 0 if the history
        has fewer than `MIN_DATASETS` datasets, since nothing can be said to be close then.
    """

    nearest_dataset: str
    distance: float
    threshold: float

    @property
    def is_unlike_all(self) -> bool:
        """Whether the target lies beyond the threshold, and there are datasets enough for one."""
        return self.distance > self.threshold > 0


def measure_novelty(
    index: faiss.Index,
    card: IndexCard,
    target: MetaFeatures,
    exclude_dataset: str | None = None,
) -> Novelty:
    """Compare the target's distance to its nearest dataset with what is usual in the history.

    Parameters
    ----------
    index, card
        From `metallmix_kedro.retrieval.index.build_index`.
    target : MetaFeatures
        The target's meta-features.
    exclude_dataset : str, optional
        Name of the target itself, which does not count as history.

    Raises
    ------
    InputError
        If the history holds no dataset but the target itself.
    """
    others = card.others(exclude_dataset)
    if not others:
        raise InputError(
            f"The history holds no dataset other than the target ('{exclude_dataset}'), so nothing"
            " can be learned for it. Measure or import trials on other datasets."
        )
    to_target = distances(index, card, target)[others]
    nearest = int(to_target.argmin())
    names = np.array([card.entries[position].dataset for position in others])
    usual = _nearest_neighbour_distances(index.reconstruct_batch(np.array(others)), names)
    enough = len(usual) >= MIN_DATASETS
    return Novelty(
        nearest_dataset=str(names[nearest]),
        distance=float(to_target[nearest]),
        threshold=float(np.quantile(usual, card.novelty_quantile)) if enough else 0.0,
    )


def _nearest_neighbour_distances(
    vectors: npt.NDArray[np.float32], names: npt.NDArray[np.str_]
) -> npt.NDArray[np.float64]:
    """Return each dataset's distance to the nearest dataset of another name; empty if only one."""
    apart = np.linalg.norm(vectors[:, np.newaxis] - vectors, axis=2).astype(np.float64)
    apart[names[:, np.newaxis] == names] = np.inf
    usual = pd.Series(apart.min(axis=1)).groupby(names).min().to_numpy(dtype=np.float64)
    known: npt.NDArray[np.float64] = usual[np.isfinite(usual)]
    return known
