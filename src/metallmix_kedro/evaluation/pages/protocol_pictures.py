"""Pictures of the first pick beside the best of five, and of the protocols side by side."""

from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.pages.styles import colour_of, protocol_title
from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.support import Axes, Figure, empty_figure, new_figure


def draw_first_and_five(table: pd.DataFrame) -> Figure:
    """Draw each method's first pick beside the best of the first five of its list.

    Parameters
    ----------
    table : pandas.DataFrame
        From `evaluation.statistics.summary.method_table`.

    Returns
    -------
    matplotlib.figure.Figure
        A row a method that has a list of its own (one that costs no trial, and the short list),
        the smallest best of five on top; means over datasets with their intervals. What the short
        list ends with is its best of all; its first pick is the surrogate's.
    """
    free = (table["n_trials"] == 0) | (table["method"] == "short_list")
    shown = table[free].sort_values("mean_regret_of_five", kind="stable", ignore_index=True)
    if shown.empty:
        return empty_figure("No method with a list of its own was compared.")
    figure = new_figure(8, 1.4 + 0.42 * len(shown))
    axes = figure.subplots()
    for place, row in enumerate(shown.to_dict("records")):
        colour = colour_of(row["method"])
        axes.hlines(
            place + 0.12, row["of_five_low"], row["of_five_high"], colors=colour, linewidth=2
        )
        axes.scatter(row["mean_regret_of_five"], place + 0.12, s=60, c=colour, zorder=3)
        if row["n_trials"] == 0:
            axes.hlines(
                place - 0.12, row["regret_low"], row["regret_high"], colors=colour, linewidth=1
            )
            axes.scatter(
                row["mean_regret"], place - 0.12, s=60, facecolors="white", edgecolors=colour,
                linewidths=1.8, zorder=3,
            )  # fmt: skip
    axes.set_yticks(range(len(shown)), shown["label"])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("Mean normalised regret: first pick (hollow), best of the first five (full)")
    return figure


def draw_protocols(protocols: pd.DataFrame, report: dict[str, Any]) -> Figure:
    """Draw every protocol's mean regrets side by side.

    Parameters
    ----------
    protocols : pandas.DataFrame
        From `evaluation.statistics.summary.protocol_table`.
    report : dict
        From `evaluation.pages.report.evaluation_report`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel a protocol that was run, a row a method in the order of the main protocol.
    """
    names = [
        name for name in report["parameters"]["protocols"] if name in set(protocols["protocol"])
    ]
    if not names:
        return empty_figure("No method that learns from other datasets was compared.")
    first = protocols[protocols["protocol"] == (MAIN if MAIN in names else names[0])]
    order = first["method"].tolist()
    figure = new_figure(2.4 + 3.1 * len(names), 1.5 + 0.36 * len(order))
    panels = figure.subplots(1, len(names), sharey=True, sharex=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        _draw_panel(axes, protocols[protocols["protocol"] == name].set_index("method"), order)
        n_datasets = int(protocols.loc[protocols["protocol"] == name, "n_datasets"].iloc[0])
        axes.set_title(f"{protocol_title(name)}\n({n_datasets} datasets)", fontsize=10)
    panels[0].set_yticks(range(len(order)), first["label"])
    panels[0].set_ylim(len(order) - 0.5, -0.8)
    panels[0].set_xlim(left=0)
    figure.supxlabel("Mean normalised regret, with interval", fontsize=10)
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, order: list[str]) -> None:
    axes.grid(axis="x", alpha=0.3)
    for place, name in enumerate(order):
        if name not in rows.index:
            continue
        row, colour = rows.loc[name], colour_of(name)
        axes.hlines(place, row["regret_low"], row["regret_high"], colors=colour, linewidth=2.5)
        axes.scatter(row["mean_regret"], place, s=55, c=colour, edgecolors="white", zorder=3)
        text = f"{row['mean_regret']:.3f}"
        axes.annotate(
            text, (row["mean_regret"], place), (0, 7), textcoords="offset points",
            ha="center", fontsize=7,
        )  # fmt: skip
