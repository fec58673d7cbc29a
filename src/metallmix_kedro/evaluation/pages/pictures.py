"""Pictures of the comparison: regrets, and searches as they go on beside picks without a trial."""

from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.statistics.scores import mean_path
from metallmix_kedro.evaluation.statistics.summary import main_regrets
from metallmix_kedro.support import Axes, Figure, new_figure

# Okabe and Ito's colours, which colour-blind readers tell apart; markers say it a second time.
STYLES: dict[str, tuple[str, str]] = {
    "surrogate": ("#D55E00", "o"),
    "short_list": ("#E69F00", "D"),
    "one_probe": ("#D55E00", "8"),
    "all_probes": ("#D55E00", "*"),
    "probed_short_list": ("#E69F00", "H"),
    "own_trials": ("#7A3E9D", "$o$"),
    "probed_own_trials": ("#7A3E9D", "2"),
    "best_on_average": ("#0072B2", "s"),
    "best_by_rank": ("#0072B2", "p"),
    "nearest_neighbour": ("#56B4E9", "^"),
    "three_nearest_neighbours": ("#56B4E9", "<"),
    "greedy_portfolio": ("#B5A900", "h"),
    "surrogate_raw_accuracy": ("#CC79A7", "d"),
    "pairwise_ranker": ("#CC79A7", ">"),
    "transferability": ("#8C564B", "X"),
    "random_pick": ("#999999", "x"),
    "random_search": ("#333333", "v"),
    "bayesian_search": ("#009E73", "P"),
}

NAMED_GAP = 0.045
"""Least distance of two names beside their lines, as a share of the height."""


def draw_regrets(table: pd.DataFrame, datasets: pd.DataFrame, report: dict[str, Any]) -> Figure:
    """Draw each method's mean regret, its interval, and its regret on each dataset.

    Parameters
    ----------
    table, datasets : pandas.DataFrame
        From `evaluation.statistics.summary`: `method_table`, `dataset_table`.
    report : dict
        From `evaluation.pages.report.evaluation_report`.

    Returns
    -------
    matplotlib.figure.Figure
        A row a method, the smallest mean on top; small dots are datasets.
    """
    regrets = main_regrets(datasets)
    figure = new_figure(8, 1.2 + 0.5 * len(table))
    axes = figure.subplots()
    for place, row in enumerate(table.to_dict("records")):
        colour = STYLES[row["method"]][0]
        axes.scatter(regrets[row["method"]], [place] * len(regrets), s=14, c=colour, alpha=0.45)
        axes.hlines(place, row["regret_low"], row["regret_high"], colors=colour, linewidth=3)
        axes.scatter(row["mean_regret"], place, s=70, c=colour, edgecolors="white", zorder=3)
    axes.set_yticks(range(len(table)), _with_costs(table))
    axes.invert_yaxis()
    axes.set_xlim(left=-0.02)
    axes.grid(axis="x", alpha=0.3)
    level = report["parameters"]["level"]
    axes.set_xlabel(
        f"Normalised regret (0 = best recorded trial): mean, {level:.0%} interval, each dataset"
    )
    return figure


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
        method, (colour, marker) = row["method"], STYLES[row["method"]]
        path = _path(method, anytime, report).iloc[:n_trials]
        if len(path) > 1:
            axes.plot(
                path.index, path, color=colour, marker=marker,
                markersize=5, label=row["label"], zorder=3,
            )  # fmt: skip
        elif method != "random_pick":
            axes.axhline(path.iloc[0], color=colour, linestyle="--", linewidth=1.2)
            names.append((float(path.iloc[0]), row["label"], colour))
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


def _with_costs(table: pd.DataFrame) -> list[str]:
    return [
        f"{row['label']}\n({row['n_trials']:g} trials)" if row["n_trials"] else row["label"]
        for row in table.to_dict("records")
    ]
