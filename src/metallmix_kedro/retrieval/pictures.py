"""The picture of the distances between datasets."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metallmix_kedro.support import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_LABELLED = 60
MAX_ANNOTATED = 20


def plot_neighbours(neighbours: pd.DataFrame) -> "Figure":
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
    table = neighbours.pivot(index="dataset", columns="neighbour", values="distance")
    side = float(np.clip(2.5 + 0.55 * len(table), 5, 20))
    figure: Figure = require("matplotlib.figure", "learn").Figure(
        figsize=(side + 1.5, side), layout="constrained"
    )
    axes = figure.add_subplot()
    axes.set_title("Distance between datasets, each as if it were the target")
    if table.empty:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "The history holds one dataset only.", ha="center")
        return figure
    order = _alike_side_by_side(table)
    table = table.loc[order, order]
    # viridis reads the same to colour-blind eyes and in grey.
    image = axes.imshow(table, cmap="viridis")
    figure.colorbar(image, label="Euclidean, between standardised meta-features", shrink=0.8)
    axes.set_xlabel("neighbour")
    axes.set_ylabel("target")
    _label(axes, table)
    _frame_the_nearest(axes, table)
    return figure


def _alike_side_by_side(table: pd.DataFrame) -> list[str]:
    if len(table) < 3:
        return list(table.index)
    hierarchy = require("scipy.cluster.hierarchy", "learn")
    distances = table.fillna(0).to_numpy()
    symmetric = (distances + distances.T) / 2
    condensed = symmetric[np.triu_indices(len(table), k=1)]
    tree = hierarchy.linkage(condensed, method="average", optimal_ordering=True)
    return [table.index[leaf] for leaf in hierarchy.leaves_list(tree)]


def _label(axes: "Axes", table: pd.DataFrame) -> None:
    if len(table) > MAX_LABELLED:
        axes.set_xticks([])
        axes.set_yticks([])
        return
    axes.set_xticks(range(len(table)), table.columns, rotation=40, ha="right")
    axes.set_yticks(range(len(table)), table.index)
    if len(table) > MAX_ANNOTATED:
        return
    middle = np.nanmean([np.nanmin(table), np.nanmax(table)])
    for (row, column), value in np.ndenumerate(table.to_numpy()):
        if row != column:
            colour = "white" if value < middle else "black"
            axes.text(column, row, f"{value:.1f}", ha="center", va="center", color=colour)


def _frame_the_nearest(axes: "Axes", table: pd.DataFrame) -> None:
    rectangle = require("matplotlib.patches", "learn").Rectangle
    for row, column in enumerate(np.nanargmin(table.to_numpy(), axis=1)):
        axes.add_patch(
            rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="#D55E00", linewidth=2)
        )
