"""Pictures of the comparison (the paper's Figure 6, and what it does not show)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metallmix_kedro.history.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind readers tell apart; markers say it a second time.
STYLES: dict[str, tuple[str, str]] = {
    "surrogate": ("#D55E00", "o"),
    "short_list": ("#E69F00", "D"),
    "best_on_average": ("#0072B2", "s"),
    "nearest_neighbour": ("#56B4E9", "^"),
    "random_pick": ("#999999", "x"),
    "random_search": ("#333333", "v"),
    "bayesian_search": ("#009E73", "P"),
}
OTHER_STYLE = ("#CC79A7", "*")
MARKER_SIZE = 42
NO_SEARCH = 1e-3
"""Seconds below which a choice is no search at all: a random pick would stretch the log scale."""


def draw_comparison(report: dict[str, Any], table: pd.DataFrame) -> "Figure":
    """Draw accuracy, training time and search time by dataset and method (paper, Figure 6).

    Parameters
    ----------
    report : dict
        From `evaluation.summary.evaluation_report`.
    table : pandas.DataFrame
        From `evaluation.summary.method_table`.

    Returns
    -------
    matplotlib.figure.Figure
        Three panels over one axis of datasets; times in seconds on a log scale. The search time
        is that of the trials a method ran, plus its measured response time.
    """
    values = {
        name: pd.DataFrame.from_dict(rows, orient="index").astype(float)
        for name, rows in report["by_dataset"].items()
    }
    search = values["search_time_s"] + pd.Series(report["response_times_s"])
    panels = (
        ("Test accuracy", values["accuracy"], "linear"),
        ("Training time (s)", values["training_time_s"], "log"),
        ("Search time (s)", search.where(search >= NO_SEARCH), "log"),
    )
    methods = _in_style_order(table)
    width = 3.2 + 1.05 * len(search)
    figure = new_figure(max(width, 8), 9)
    for axes, (label, frame, scale) in zip(figure.subplots(3, 1, sharex=True), panels, strict=True):
        _dots_by_dataset(axes, frame, methods)
        if (frame[methods] > 0).any(axis=None):
            axes.set_yscale(scale)
        axes.set_ylabel(label)
        axes.grid(axis="y", alpha=0.3)
    axes.set_xticks(range(len(search)), search.index, rotation=20, ha="right")
    labels = dict(zip(table["method"], table["label"], strict=True))
    handles = [axes.scatter([], [], **_style(name), label=labels[name]) for name in methods]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False)
    return figure


def draw_regrets(report: dict[str, Any], table: pd.DataFrame) -> "Figure":
    """Draw each method's mean regret, its interval, and its regret on each dataset.

    Parameters
    ----------
    report : dict
        From `evaluation.summary.evaluation_report`.
    table : pandas.DataFrame
        From `evaluation.summary.method_table`.

    Returns
    -------
    matplotlib.figure.Figure
        A row a method, the smallest mean on top; small dots are datasets.
    """
    regrets = pd.DataFrame.from_dict(report["by_dataset"]["regret"], orient="index")
    figure = new_figure(8, 1.2 + 0.5 * len(table))
    axes = figure.subplots()
    for place, row in enumerate(table.to_dict("records")):
        colour, _ = STYLES.get(row["method"], OTHER_STYLE)
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


def draw_anytime(anytime: pd.DataFrame, report: dict[str, Any], table: pd.DataFrame) -> "Figure":
    """Draw the regret of the best so far against the trials run, beside the picks that run none.

    Parameters
    ----------
    anytime : pandas.DataFrame
        From `evaluation.compare.Comparison`.
    report : dict
        From `evaluation.summary.evaluation_report`.
    table : pandas.DataFrame
        From `evaluation.summary.method_table`.

    Returns
    -------
    matplotlib.figure.Figure
        Means over datasets. Searches and the short list fall with each trial; a pick that runs
        no trial is a horizontal line. Random search is its exact expectation.
    """
    figure = new_figure(8, 4.8)
    axes = figure.subplots()
    means = anytime.groupby(["method", "n_trials"])["regret"].mean()
    n_trials = int(report["parameters"]["n_trials"])
    for row in table.to_dict("records"):
        name, label = row["method"], row["label"]
        colour, marker = STYLES.get(name, OTHER_STYLE)
        path = means[name].iloc[:n_trials]
        if name == "random_search":
            curve = report["expected_regret_of_random_trials"][:n_trials]
            path = pd.Series(curve, index=range(1, len(curve) + 1))
        if len(path) > 1:
            axes.plot(path.index, path, color=colour, marker=marker, markersize=4, label=label)
        elif name != "random_pick":
            axes.axhline(path.iloc[0], color=colour, linestyle="--", label=f"{label} (no trial)")
    axes.set_xlabel("Trials run on the dataset")
    axes.set_ylabel("Mean regret of the best so far")
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def _dots_by_dataset(axes: "Axes", values: pd.DataFrame, methods: Sequence[str]) -> None:
    offsets = np.linspace(-0.33, 0.33, len(methods)) if len(methods) > 1 else [0.0]
    for offset, name in zip(offsets, methods, strict=True):
        axes.scatter(np.arange(len(values)) + offset, values[name], **_style(name))
    for place in range(1, len(values)):
        axes.axvline(place - 0.5, color="#dddddd", linewidth=0.8)


def _style(name: str) -> dict[str, Any]:
    colour, marker = STYLES.get(name, OTHER_STYLE)
    return {"c": colour, "marker": marker, "s": MARKER_SIZE}


def _in_style_order(table: pd.DataFrame) -> list[str]:
    known = [name for name in STYLES if name in set(table["method"])]
    return known + [name for name in table["method"] if name not in STYLES]


def _with_costs(table: pd.DataFrame) -> list[str]:
    return [
        f"{row['label']}\n({row['n_trials']:g} trials)" if row["n_trials"] else row["label"]
        for row in table.to_dict("records")
    ]
