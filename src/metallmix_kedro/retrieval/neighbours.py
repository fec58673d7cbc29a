"""Which datasets of the history are neighbours, each seen as if it were the target."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from metallmix_kedro.retrieval.card import IndexEntry
from metallmix_kedro.retrieval.vectors import MetaFeatureScaler


def rank_neighbours(entries: Sequence[IndexEntry], modality_weight: float) -> pd.DataFrame:
    """Rank for each dataset all others by distance, leaving it out of everything.

    The scaler is fitted without the dataset, so each row shows what would be retrieved if the
    dataset were new. Therefore the distance from A to B differs a little from that from B to A.

    Parameters
    ----------
    entries : sequence of IndexEntry
        The entries of the index, at least one.
    modality_weight : float
        Distance between two modalities.

    Returns
    -------
    pandas.DataFrame
        Columns ``dataset``, ``rank`` (1 = nearest), ``neighbour``, ``distance``; sorted by
        dataset and rank. Empty if the history holds one dataset only.
    """
    names = sorted({entry.dataset for entry in entries})
    ranked = [_neighbours_of(name, entries, modality_weight) for name in names if len(names) > 1]
    columns = {"dataset": "str", "rank": "int64", "neighbour": "str", "distance": "float64"}
    return pd.concat([pd.DataFrame(columns=list(columns)), *ranked]).astype(columns)


def _neighbours_of(
    name: str, entries: Sequence[IndexEntry], modality_weight: float
) -> pd.DataFrame:
    own = [entry.meta_features for entry in entries if entry.dataset == name]
    others = [entry for entry in entries if entry.dataset != name]
    meta_features = [entry.meta_features for entry in others]
    scaler = MetaFeatureScaler.fit(meta_features, modality_weight)
    vectors = scaler.transform(meta_features)
    # A dataset measured in several states is as near as the nearest of them.
    nearest = np.min(
        [np.linalg.norm(vectors - vector, axis=1) for vector in scaler.transform(own)], axis=0
    )
    by_dataset = pd.Series(nearest, index=[entry.dataset for entry in others]).groupby(level=0)
    distances = by_dataset.min().sort_values(kind="stable")
    return pd.DataFrame(
        {
            "dataset": name,
            "rank": range(1, len(distances) + 1),
            "neighbour": distances.index,
            "distance": distances.to_numpy(),
        }
    )
