"""Stated chances beside what came of them, and errors beside the distance from the history."""

from typing import Any

import pandas as pd

from metallmix_kedro.declared import network
from metallmix_kedro.evaluation.pages.styles import PROBES, protocol_title
from metallmix_kedro.support import Axes, Figure, empty_figure, new_figure

COLOURS = {"none": "#0072B2", "smallest": "#E69F00", "all": "#D55E00"}
PROTOCOLS = {"leave_one_dataset_out": ("#0072B2", "o"), "leave_one_modality_out": ("#D55E00", "^")}
OTHER = ("#009E73", "s")


def draw_uncertainty(chances: pd.DataFrame, targets: pd.DataFrame) -> Figure:
    """Draw whether stated chances come true, and whether flagged targets are predicted worse.

    Parameters
    ----------
    chances : pandas.DataFrame
        From `evaluation.statistics.uncertainty.chance_table`.
    targets : pandas.DataFrame
        Rows of `evaluation.statistics.uncertainty.target_errors`.

    Returns
    -------
    matplotlib.figure.Figure
        Left: of the trials with about the same stated chance to beat the best on average, the
        share that did; on the dotted line the two agree. Right: a dot a target, full if it is
        flagged as outside the history.
    """
    if chances.empty and targets.empty:
        return empty_figure("No chance was stated.")
    figure = new_figure(10, 4.4)
    left, right = figure.subplots(1, 2)
    _draw_chances(left, chances)
    _draw_targets(right, targets.dropna(subset="outside"))
    return figure


def _draw_chances(axes: Axes, chances: pd.DataFrame) -> None:
    highest = max([0.1, *chances["mean_chance"], *chances["share_true"]]) * 1.1
    axes.plot([0, highest], [0, highest], color="#999999", linestyle=":")
    for level, part in chances.groupby("probes"):
        axes.plot(
            part["mean_chance"], part["share_true"], marker="o",
            color=COLOURS[str(level)], label=PROBES[str(level)],
        )  # fmt: skip
    axes.set_xlabel("Stated chance to beat the best on average")
    axes.set_ylabel("Share that did")
    axes.grid(alpha=0.3)
    if network() and not chances.empty:
        axes.legend(frameon=False)


def _draw_targets(axes: Axes, targets: pd.DataFrame) -> None:
    for protocol, part in targets.groupby("protocol", sort=False):
        colour, marker = PROTOCOLS.get(str(protocol), OTHER)
        label = protocol_title(str(protocol))
        flagged = part["outside"].astype(bool)
        style: dict[str, Any] = {"marker": marker, "edgecolors": colour, "s": 46}
        axes.scatter(
            part.loc[~flagged, "distance"], part.loc[~flagged, "mean_error"],
            facecolors="white", label=label, **style,
        )  # fmt: skip
        axes.scatter(
            part.loc[flagged, "distance"], part.loc[flagged, "mean_error"],
            facecolors=colour, label=f"{label}: flagged" if flagged.any() else None, **style,
        )  # fmt: skip
    axes.set_xlabel("Distance to the most similar dataset")
    axes.set_ylabel("Mean absolute error of the relative score")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if len(targets):
        axes.legend(frameon=False, fontsize=8)
