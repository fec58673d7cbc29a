"""What the pictures of a history, and those of methods compared on it, have in common."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metallmix_kedro.support.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure
else:
    # Matplotlib comes with an extra and takes its time: a signature alone does not import it, nor
    # does Kedro, which reads the signatures of nodes when a run starts.
    Axes = Figure = Any

# Okabe and Ito's colours, which colour-blind readers tell apart; viridis reads the same to them.
BLUE, ORANGE, VERMILION, GREY = "#0072B2", "#E69F00", "#D55E00", "#999999"
COLOUR_MAP = "viridis"

MAX_ANNOTATED = 20
"""Most rows of a heat map whose cells hold their numbers."""

MAX_LABELLED = 60
"""Most rows or columns of a heat map that are named."""


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, without touching any global state.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    figure: Figure = require("matplotlib.figure", "learn").Figure(
        figsize=(width, height), layout="constrained"
    )
    return figure


def empty_figure(why: str) -> Figure:
    """Return a figure that says why there is nothing to draw."""
    figure = new_figure(7, 1.5)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.text(0.5, 0.5, why, ha="center", va="center", wrap=True)
    return figure


def frame(axes: Axes, row: int, column: int, colour: str) -> None:
    """Frame a cell of a heat map."""
    rectangle = require("matplotlib.patches", "learn").Rectangle
    axes.add_patch(
        rectangle(
            (column - 0.47, row - 0.47), 0.94, 0.94, fill=False, edgecolor=colour, linewidth=2
        )
    )


def heat_map(
    axes: Axes, table: pd.DataFrame, write: str, numbers: pd.DataFrame | None = None, **style: Any
) -> Any:
    """Draw a table in colours, with names and numbers as far as there is room for them.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where.
    table : pandas.DataFrame
        Numbers, shape (n, m); a cell that is missing is left blank.
    write : str
        Format of a number in its cell: ``"z.2f"``, with no minus before a nought.
    numbers : pandas.DataFrame, optional
        What stands in the cells, where that is not what is coloured; shape (n, m).
    **style
        For `matplotlib.axes.Axes.imshow`.

    Returns
    -------
    matplotlib.image.AxesImage
    """
    image = axes.imshow(table, **{"cmap": COLOUR_MAP, **style})
    rows, columns = (
        list(names) if len(names) <= MAX_LABELLED else [] for names in (table.index, table.columns)
    )
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    if len(table) > MAX_ANNOTATED:
        return image
    values = (table if numbers is None else numbers).to_numpy(dtype=float)
    # Of red, green and blue the eye takes green for the brightest.
    brightness = image.to_rgba(table.to_numpy(dtype=float))[..., :3] @ (0.299, 0.587, 0.114)
    for row, column in np.argwhere(np.isfinite(values)):
        axes.text(
            column,
            row,
            f"{values[row, column]:{write}}",
            ha="center",
            va="center",
            color="white" if brightness[row, column] < 0.5 else "black",
            fontsize=9,
        )
    return image


def alike_side_by_side(distances: pd.DataFrame) -> list[str]:
    """Order things so that those near each other are neighbours.

    Average linkage, the leaves turned for the best fit of neighbours (scipy's optimal ordering).

    Parameters
    ----------
    distances : pandas.DataFrame
        Distances, shape (n, n), none missing off the diagonal, which is not looked at. Where those
        from one to the other and back differ, the mean counts.

    Returns
    -------
    list of str
        The index, in that order.
    """
    names = [str(name) for name in distances.index]
    if len(names) < 3:
        return names
    hierarchy = require("scipy.cluster.hierarchy", "learn")
    both = distances.to_numpy(dtype=float)
    condensed = ((both + both.T) / 2)[np.triu_indices(len(both), k=1)]
    tree = hierarchy.linkage(condensed, method="average", optimal_ordering=True)
    return [names[leaf] for leaf in hierarchy.leaves_list(tree)]
