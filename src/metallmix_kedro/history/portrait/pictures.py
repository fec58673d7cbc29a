"""Pictures of a history: what won where, what mattered, and which datasets are alike."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.declared import hyperparameter, titled
from metallmix_kedro.support import (
    BLUE,
    VERMILION,
    Axes,
    Figure,
    empty_figure,
    frame,
    heat_map,
    new_figure,
)

MAX_COLUMNS = 20
"""Most values that are drawn; of more, those nearest to winning."""

LARGEST_GAP = 0.25
"""Gap to the best accuracy of a row from which on colours no longer differ."""


_COLOURS = ("#0072B2", "#009E73", "#E69F00", "#D55E00")
_MARKERS = "os^D"
_N_COLUMNS = 6
MAX_PANELS = 48
"""Most datasets that have a panel."""


def plot_winners(summary: Mapping[str, Any]) -> Figure:
    """Draw which backbone and which strategy do best on each dataset, or what else is in titles.

    Parameters
    ----------
    summary : mapping
        From `history.portrait.summary.summarise_history`.

    Returns
    -------
    matplotlib.figure.Figure
        Heat maps with a row a dataset, the highest accuracy on top: numbers are test
        accuracies of the configuration with that value that is best on average over the other
        datasets, colours the gap to the row's best, which is framed.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    winners = summary["winners"]
    tables = {name: _best_on_average(winners, name) for name in titled()}
    known = {name: table for name, table in tables.items() if table.notna().any(axis=None)}
    if not known:
        return empty_figure("The history holds no configuration that was measured on two datasets.")
    first, *others = known
    order = known[first].max(axis=1).sort_values(ascending=False, kind="stable").index
    # Of one value alone there is nothing to compare.
    names = [first, *(name for name in others if known[name].shape[1] > 1)]
    widths = [min(known[name].shape[1], MAX_COLUMNS) for name in names]
    figure = new_figure(3.6 + 0.72 * sum(widths), min(2.5 + 0.36 * len(order), 24))
    panels = figure.subplots(1, len(names), sharey=True, width_ratios=widths, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        image = _draw_winners(axes, known[name].loc[order])
        axes.set_title(f"By {name.replace('_', ' ')}")
    figure.suptitle(
        "Of each value, the configuration that is best on average over the other datasets",
        fontsize="medium",
    )
    figure.colorbar(
        image,
        ax=list(panels),
        label="test accuracy below the best of the row",
        extend="min",
        shrink=0.8,
    ).ax.yaxis.set_major_formatter(lambda gap, _: f"{gap:.2f}")
    return figure


def plot_importance(summary: Mapping[str, Any]) -> Figure:
    """Draw how much of the variance within a dataset each hyperparameter explains.

    Parameters
    ----------
    summary : mapping
        From `history.portrait.summary.summarise_history`.

    Returns
    -------
    matplotlib.figure.Figure
        Bars are means over datasets, points are datasets.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    importance = summary["importance"]["all"]
    n = len(importance["by_dataset"])
    if not n:
        return empty_figure("The history holds too few trials to say what mattered.")
    figure = new_figure(7.1, 4.5)
    axes = figure.add_subplot()
    _draw_importance(axes, importance)
    axes.set_title(f"All trials ({n} dataset{'s' if n > 1 else ''})")
    figure.supxlabel(
        "share of the variance of test accuracy within a dataset\n"
        "(bar: mean over datasets; point: a dataset)",
        fontsize="medium",
    )
    return figure


def plot_similarity(summary: Mapping[str, Any]) -> Figure:
    """Draw how far the datasets agree on which configurations are good.

    Parameters
    ----------
    summary : mapping
        From `history.portrait.summary.summarise_history`.

    Returns
    -------
    matplotlib.figure.Figure
        A heat map of Spearman's correlations, alike datasets side by side. Framed on the diagonal,
        validation against test accuracy of the dataset itself.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    similarity = summary["similarity"]
    order = similarity["order"]
    if len(order) < 2:
        return empty_figure("The history holds fewer than two datasets that can be compared.")
    table = pd.DataFrame(similarity["spearman"], dtype=float).loc[order, order]
    side = float(np.clip(3.2 + 0.5 * len(table), 5, 20))
    figure = new_figure(side + 1.0, side)
    axes = figure.add_subplot()
    image = heat_map(axes, table, "z.2f", vmin=min(0.0, table.min(axis=None)), vmax=1)
    figure.colorbar(image, ax=axes, label="Spearman's rank correlation", shrink=0.8)
    axes.set_title(
        "Do datasets rank configurations alike?\n"
        "(framed: validation against test accuracy of the dataset itself)"
    )
    axes.set_xlabel("dataset")
    axes.set_ylabel("dataset")
    for at in range(len(table)):
        frame(axes, at, at, "black")
    return figure


def plot_levels(summary: Mapping[str, Any]) -> Figure:
    """Draw the scores of the strategies over the number of training images, dataset by dataset.

    Parameters
    ----------
    summary : mapping
        From `history.portrait.summary.summarise_history`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel a dataset (the first `MAX_PANELS`), images on a log scale; a curve a strategy, of
        its configuration that is best on average over the other datasets at each level.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    curves = summary["levels"].get("curves", {})
    if not curves:
        return empty_figure("No trial of this history says how many images trained it.")
    names = list(curves)[:MAX_PANELS]
    n_rows = -(-len(names) // _N_COLUMNS)
    figure = new_figure(2.2 * _N_COLUMNS, 0.9 + 1.75 * n_rows)
    panels = figure.subplots(n_rows, _N_COLUMNS, sharex=True, squeeze=False).ravel().tolist()
    order = hyperparameter("strategy").ranks
    handles: dict[str, Any] = {}
    for axes, name in zip(panels, names, strict=False):
        for strategy, curve in curves[name].items():
            place = order.index(strategy) if strategy in order else len(order)
            told = [(point["n_train"], point["best_on_average"]) for point in curve.values()]
            points = sorted(point for point in told if point[1] is not None)
            if not points:
                continue
            images, scores = zip(*points, strict=True)
            (handles[strategy],) = axes.plot(
                images,
                scores,
                color=_COLOURS[place % len(_COLOURS)],
                marker=_MARKERS[place % len(_MARKERS)],
                markersize=4,
                linewidth=1.2,
            )
        axes.set_xscale("log")
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=8)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    shown = {strategy: handles[strategy] for strategy in (*order, *handles) if strategy in handles}
    figure.legend(shown.values(), shown.keys(), loc="outside upper center", ncols=len(shown))
    figure.supxlabel("images that trained")
    figure.supylabel(
        "test accuracy of the configuration that is best on average over the other datasets",
        fontsize="medium",
    )
    return figure


def _best_on_average(winners: Mapping[str, Any], name: str) -> pd.DataFrame:
    """Return those scores: a row a dataset, a column a value, in the values' order."""
    scores = {
        group: {value: told["best_on_average"] for value, told in found[f"by_{name}"].items()}
        for group, found in winners.items()
    }
    table = pd.DataFrame.from_dict(scores, orient="index").astype(float)
    declared = hyperparameter(name)
    if declared.is_number:
        return table[sorted(table, key=lambda value: float(str(value)))]
    # Strategies stand in their order, from the fewest trained layers to all.
    ranks = declared.ranks if declared.kind == "ordered" else ()
    return table[sorted(table, key=lambda value: (ranks.index(value) if ranks else 0, value))]


def _draw_winners(axes: Axes, scores: pd.DataFrame) -> Any:
    gaps = scores.sub(scores.max(axis=1), axis=0)
    # A model zoo may hold hundreds.
    nearest = set(gaps.mean().nlargest(MAX_COLUMNS).index)
    shown = [name for name in scores if name in nearest]
    if len(shown) < scores.shape[1]:
        axes.set_xlabel(f"{len(shown)} of {scores.shape[1]} values")
    gaps = gaps[shown]
    for row, column in np.argwhere(gaps == 0):
        frame(axes, row, column, VERMILION)
    return heat_map(
        axes, gaps, ".2f", numbers=scores[shown], vmin=-LARGEST_GAP, vmax=0, aspect="auto"
    )


def _draw_importance(axes: Axes, importance: Mapping[str, Any]) -> None:
    overall = pd.Series(importance["overall"])[::-1]  # the largest on top
    datasets = pd.DataFrame(importance["by_dataset"]).loc[overall.index]
    names = [name.replace("_", " ") for name in overall.index]
    axes.barh(names, overall, color=BLUE, alpha=0.85, height=0.62)
    for place, shares in enumerate(datasets.to_numpy(dtype=float)):
        # Points of one bar are spread, so that they do not hide each other.
        heights = place + np.linspace(-0.22, 0.22, len(shares))
        axes.scatter(shares, heights, s=12, color="black", alpha=0.55, linewidths=0, zorder=3)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.grid(axis="x", alpha=0.3)
