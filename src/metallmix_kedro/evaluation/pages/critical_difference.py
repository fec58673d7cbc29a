"""The critical-difference diagram (Demšar, JMLR 2006, Figure 1).

scikit-posthocs draws one marker for all, and bars that may cover a method told apart from the rest.
"""

from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.pages.styles import colour_of, marker_of
from metallmix_kedro.support import Axes, Figure, empty_figure, new_figure

ROW, BAR = 0.34, 0.17
"""Inches between two labels and between two bars."""


def draw_critical_difference(report: dict[str, Any], table: pd.DataFrame) -> Figure:
    """Draw the methods on an axis of mean ranks, those that are not told apart under one bar.

    Parameters
    ----------
    report : dict
        From `evaluation.pages.report.evaluation_report`.
    table : pandas.DataFrame
        From `evaluation.statistics.summary.method_table`.

    Returns
    -------
    matplotlib.figure.Figure
        The best method on the left; the better half is labelled on the left, best on top.
    """
    told = report["critical_difference"]
    ranks: dict[str, float] = told["mean_ranks"]
    if len(ranks) < 2:
        return empty_figure("One method alone has no rank.")
    labels = dict(zip(table["method"], table["label"], strict=True))
    n_left = (len(ranks) + 1) // 2
    depth = 0.35 + BAR * len(told["bars"])
    figure = new_figure(9, 1.25 + depth + ROW * n_left)
    axes = figure.subplots()
    _draw_axis(axes, len(ranks))
    for row, bar in enumerate(told["bars"]):
        ends = [ranks[bar[0]] - 0.05, ranks[bar[-1]] + 0.05]
        axes.plot(ends, [-0.25 - BAR * row] * 2, color="black", linewidth=4, solid_capstyle="butt")
    for place, (name, rank) in enumerate(ranks.items()):
        left = place < n_left
        row = place if left else len(ranks) - 1 - place
        side = 0.4 if left else len(ranks) + 0.6
        _draw_method(axes, name, rank, side, -depth - ROW * row, f"{labels[name]}  ({rank:.2f})")
    axes.set_ylim(-depth - ROW * n_left, 0.5)
    axes.set_title(_what_it_says(told, len(report["recorded_trials"])), fontsize=9, loc="left")
    return figure


def _draw_axis(axes: Axes, n_methods: int) -> None:
    axes.set_axis_off()
    axes.set_xlim(-0.28 * n_methods, 1.28 * n_methods + 1)
    axes.plot([1, n_methods], [0, 0], color="black", linewidth=1)
    for rank in range(1, n_methods + 1):
        axes.plot([rank, rank], [0, 0.08], color="black", linewidth=1)
        axes.text(rank, 0.13, str(rank), ha="center", va="bottom", fontsize=9)


def _draw_method(
    axes: Axes, name: str, rank: float, side: float, height: float, label: str
) -> None:
    left = side < rank
    axes.plot([rank, rank, side], [0, height, height], color="#666666", linewidth=0.8, zorder=1)
    axes.plot(rank, 0, marker=marker_of(name), color=colour_of(name), markersize=6, zorder=3)
    axes.plot(side, height, marker=marker_of(name), color=colour_of(name), markersize=6, zorder=3)
    axes.text(
        side + (-0.2 if left else 0.2),
        height,
        label,
        ha="right" if left else "left",
        va="center",
        fontsize=9,
    )


def _what_it_says(told: dict[str, Any], n_datasets: int) -> str:
    level = told["level"]
    tests = f"Mean ranks over {n_datasets} datasets; 1 is best."
    if told["friedman_p"] is not None:
        tests += f" Friedman's test: p = {told['friedman_p']:.2g}."
    if not told["bars"]:
        return f"{tests} All methods are told apart (p < {level:g})."
    return (
        f"{tests} Under one bar: not told apart\nby Wilcoxon's signed-rank tests with Holm's "
        f"correction over all {len(told['pairs'])} pairs at {level:g}."
    )
