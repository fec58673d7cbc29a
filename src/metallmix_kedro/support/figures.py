"""What the pictures of a history, and those of methods compared on it, have in common."""

from typing import TYPE_CHECKING, Any

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
