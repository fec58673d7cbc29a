"""Which datasets of the history are neighbours, each as if it were the target; their picture."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from metallmix_kedro.retrieval.card import IndexEntry
from metallmix_kedro.retrieval.vectors import MetaFeatureScaler
from metallmix_kedro.support import (
    VERMILION,
    Figure,
    alike_side_by_side,
    empty_figure,
    frame,
    heat_map,
    new_figure,
)


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


def plot_neighbours(neighbours: pd.DataFrame) -> Figure:
    """Draw the distances between datasets as a heat map, alike datasets side by side.

    Parameters
    ----------
    neighbours : pandas.DataFrame
        From `rank_neighbours`.

    Returns
    -------
    matplotlib.figure.Figure
        A row a dataset as target, a column a neighbour, dark = near; the nearest is framed.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    if neighbours.empty:
        return empty_figure("The history holds one dataset only.")
    table = neighbours.pivot(index="dataset", columns="neighbour", values="distance")
    order = alike_side_by_side(table)
    table = table.loc[order, order]
    side = float(np.clip(2.5 + 0.55 * len(table), 5, 20))
    figure = new_figure(side + 1.5, side)
    axes = figure.add_subplot()
    axes.set_title("Distance between datasets, each as if it were the target")
    image = heat_map(axes, table, ".1f")
    figure.colorbar(image, label="Euclidean, between standardised meta-features", shrink=0.8)
    axes.set_xlabel("neighbour")
    axes.set_ylabel("target")
    for row, column in enumerate(np.nanargmin(table.to_numpy(), axis=1)):
        frame(axes, row, column, VERMILION)
    return figure
