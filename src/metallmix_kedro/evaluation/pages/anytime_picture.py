"""Searches as they go on, beside the picks that run no trial."""

from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.pages.styles import colour_of, marker_of
from metallmix_kedro.evaluation.statistics.scores import mean_path
from metallmix_kedro.support import Axes, Figure, new_figure

NAMED_GAP = 0.045
"""Least distance of two names beside their lines, as a share of the height."""


def draw_anytime(anytime: pd.DataFrame, report: dict[str, Any], table: pd.DataFrame) -> Figure:
    """Draw the regret of the best so far against the trials run, beside the picks that run none.

    Parameters
    ----------
    anytime : pandas.DataFrame
        From `evaluation.outcomes.Comparison`.
    report : dict
        From `evaluation.pages.report.evaluation_report`.
    table : pandas.DataFrame
        From `evaluation.statistics.summary.method_table`.

    Returns
    -------
    matplotlib.figure.Figure
        Means over datasets. Searches and the short list fall with each trial; a pick that runs
        no trial is a horizontal line with its name at the end. Random search is its exact
        expectation.
    """
    figure = new_figure(9.5, 5.4)
    axes = figure.subplots()
    n_trials = int(report["parameters"]["n_trials"])
    names: list[tuple[float, str, str]] = []
    for row in table.to_dict("records"):
        method = row["method"]
        path = _path(method, anytime, report).iloc[:n_trials]
        if len(path) > 1:
            axes.plot(
                path.index, path, color=colour_of(method), marker=marker_of(method),
                markersize=5, label=row["label"], zorder=3,
            )  # fmt: skip
        elif method != "random_pick":
            axes.axhline(path.iloc[0], color=colour_of(method), linestyle="--", linewidth=1.2)
            names.append((float(path.iloc[0]), row["label"], colour_of(method)))
    axes.set_xlim(0.5, n_trials + 0.5)
    axes.set_ylim(bottom=0)
    _name_lines(axes, names)
    axes.set_xlabel("Trials run on the dataset")
    axes.set_ylabel("Mean normalised regret of the best so far")
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, title="Best so far", loc="upper right")
    return figure


def _path(method: str, anytime: pd.DataFrame, report: dict[str, Any]) -> "pd.Series[float]":
    if method == "random_search":
        curve = report["expected_regret_of_random_trials"]
        return pd.Series(curve, index=range(1, len(curve) + 1))
    return mean_path(anytime, method)


def _name_lines(axes: Axes, names: list[tuple[float, str, str]]) -> None:
    """Write names beside their lines, apart from each other, in the lines' order."""
    gap = NAMED_GAP * axes.get_ylim()[1]
    height = float("-inf")
    right = axes.get_xlim()[1]
    for value, label, colour in sorted(names):
        height = max(value, height + gap)
        axes.annotate(
            f"{label} ({value:.3f})", xy=(right, value), xytext=(right * 1.02, height),
            color="#222222", fontsize=8, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.0, "relpos": (0, 0.5)},
        )  # fmt: skip
