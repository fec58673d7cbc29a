"""The picture of the distances between datasets."""

import numpy as np
import pandas as pd

from metallmix_kedro.support import (
    VERMILION,
    Figure,
    alike_side_by_side,
    empty_figure,
    frame,
    heat_map,
    new_figure,
)


def plot_neighbours(neighbours: pd.DataFrame) -> Figure:
    """Draw the distances between datasets as a heat map, alike datasets side by side.

    Parameters
    ----------
    neighbours : pandas.DataFrame
        From `metallmix_kedro.retrieval.neighbours.rank_neighbours`.

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
