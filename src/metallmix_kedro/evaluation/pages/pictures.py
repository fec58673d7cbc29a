"""Pictures of the comparison (the paper's Figure 6, and what it does not show)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.evaluation.pages.styles import colour_of, dots, in_style_order
from metallmix_kedro.support import Axes, Figure, new_figure

NO_SEARCH = 1e-3
"""Seconds below which a choice is no search at all: a random pick would stretch the log scale."""


def draw_comparison(report: dict[str, Any], table: pd.DataFrame) -> Figure:
    """Draw score, training time and search time by dataset and method (paper, Figure 6).

    Parameters
    ----------
    report : dict
        From `evaluation.pages.report.evaluation_report`.
    table : pandas.DataFrame
        From `evaluation.statistics.summary.method_table`.

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
        (f"Test {report['metric']}", values["score"], "linear"),
        ("Training time (s)", values["training_time_s"], "log"),
        ("Search time (s)", search.where(search >= NO_SEARCH), "log"),
    )
    methods = in_style_order(table)
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
    handles = [axes.scatter([], [], **dots(name), label=labels[name]) for name in methods]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False)
    return figure


def draw_regrets(report: dict[str, Any], table: pd.DataFrame) -> Figure:
    """Draw each method's mean regret, its interval, and its regret on each dataset.

    Parameters
    ----------
    report : dict
        From `evaluation.pages.report.evaluation_report`.
    table : pandas.DataFrame
        From `evaluation.statistics.summary.method_table`.

    Returns
    -------
    matplotlib.figure.Figure
        A row a method, the smallest mean on top; small dots are datasets.
    """
    regrets = pd.DataFrame.from_dict(report["by_dataset"]["regret"], orient="index")
    figure = new_figure(8, 1.2 + 0.5 * len(table))
    axes = figure.subplots()
    for place, row in enumerate(table.to_dict("records")):
        colour = colour_of(row["method"])
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


def _dots_by_dataset(axes: Axes, values: pd.DataFrame, methods: Sequence[str]) -> None:
    offsets = np.linspace(-0.33, 0.33, len(methods)) if len(methods) > 1 else [0.0]
    for offset, name in zip(offsets, methods, strict=True):
        axes.scatter(np.arange(len(values)) + offset, values[name], **dots(name))
    for place in range(1, len(values)):
        axes.axvline(place - 0.5, color="#dddddd", linewidth=0.8)


def _with_costs(table: pd.DataFrame) -> list[str]:
    return [
        f"{row['label']}\n({row['n_trials']:g} trials)" if row["n_trials"] else row["label"]
        for row in table.to_dict("records")
    ]
