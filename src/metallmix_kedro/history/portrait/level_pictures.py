"""The picture of learning curves: what more images bring, and when a strategy overtakes another."""

from collections.abc import Mapping
from typing import Any

from metallmix_kedro.declared import hyperparameter
from metallmix_kedro.support import Figure, empty_figure, new_figure

COLOURS = ("#0072B2", "#009E73", "#E69F00", "#D55E00")
MARKERS = "os^D"
N_COLUMNS = 6
MAX_PANELS = 48
"""Most datasets that have a panel."""


def plot_levels(summary: Mapping[str, Any]) -> Figure:
    """Draw the scores of the strategies over the number of training images, dataset by dataset.

    Parameters
    ----------
    summary : mapping
        From `history.portrait.summary.summarise_history`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel a dataset (the first `MAX_PANELS`), images on a log scale; a curve a strategy.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    curves = summary["levels"].get("curves", {})
    if not curves:
        return empty_figure("No trial of this history says how many images trained it.")
    names = list(curves)[:MAX_PANELS]
    n_rows = -(-len(names) // N_COLUMNS)
    figure = new_figure(2.2 * N_COLUMNS, 0.9 + 1.75 * n_rows)
    panels = figure.subplots(n_rows, N_COLUMNS, sharex=True, squeeze=False).ravel().tolist()
    order = hyperparameter("strategy").ranks
    handles = {}
    for axes, name in zip(panels, names, strict=False):
        for strategy, curve in curves[name].items():
            place = order.index(strategy) if strategy in order else len(order)
            points = sorted((point["n_train"], point["expected_best"]) for point in curve.values())
            images, scores = zip(*points, strict=True)
            (handles[strategy],) = axes.plot(
                images,
                scores,
                color=COLOURS[place % len(COLOURS)],
                marker=MARKERS[place % len(MARKERS)],
                markersize=4,
                linewidth=1.2,
            )
        axes.set_xscale("log")
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=8)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=len(handles))
    figure.supxlabel("images that trained")
    figure.supylabel("expected best test accuracy of equally many random trials")
    return figure
