"""The picture of leave-one-dataset-out: predicted against measured, dataset by dataset."""

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metallmix_kedro.support import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
SURROGATE, BASELINE, PICKS = "#0072B2", "#E69F00", "#D55E00"
"""Colours that stay apart for colour-blind readers (Okabe and Ito)."""


def draw_predictions(predictions: pd.DataFrame, report: Mapping[str, Any]) -> "Figure":
    """Draw predicted against measured relative score, one panel a dataset.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As ``lodo.leave_one_dataset_out`` returns it.
    report : mapping
        As ``report.report`` returns it.

    Returns
    -------
    matplotlib.figure.Figure
        Points: trials as the surrogate (blue) and the mean of the configuration over the other
        datasets (orange) predict them. The ring is the surrogate's pick.

    Raises
    ------
    MissingExtraError
        Without matplotlib (extra ``learn``).
    """
    figure_class = require("matplotlib.figure", "learn").Figure
    names = sorted(report["datasets"])
    rows = ceil(len(names) / COLUMNS)
    figure: Figure = figure_class(figsize=(3.2 * COLUMNS, 3.1 * rows + 0.9), layout="constrained")
    panels = np.ravel(figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False))
    for panel, name in zip(panels, names, strict=False):
        trials = predictions[predictions["dataset"] == name]
        _draw_dataset(panel, name, trials, report["datasets"][name])
    for panel in panels[len(names) :]:
        panel.set_axis_off()
    figure.supxlabel("predicted relative score, dataset left out")
    figure.supylabel("measured relative score")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    return figure


def _draw_dataset(
    panel: "Axes", name: str, trials: pd.DataFrame, figures: Mapping[str, Any]
) -> None:
    measured = trials["relative_score"]
    panel.plot([0, 1], [0, 1], color="0.7", linewidth=0.8, zorder=0)
    panel.scatter(
        trials["baseline_relative_score"],
        measured,
        s=7,
        color=BASELINE,
        alpha=0.5,
        linewidths=0,
        label="mean over other datasets",
    )
    panel.scatter(
        trials["predicted_relative_score"],
        measured,
        s=7,
        color=SURROGATE,
        alpha=0.5,
        linewidths=0,
        label="surrogate",
    )
    pick = trials[trials["trial_id"] == figures["surrogate"]["trial_id"]]
    panel.scatter(
        pick["predicted_relative_score"],
        pick["relative_score"],
        s=60,
        facecolors="none",
        edgecolors=PICKS,
        linewidths=1.5,
        label="surrogate's pick",
    )
    rank = figures["spearman"]
    regret = figures["surrogate"]["normalised_regret"]
    baseline = figures["best_on_average"]["normalised_regret"]
    panel.set_title(
        f"{name}\nrank correlation {_text(rank)}\n"
        f"regret {_text(regret)}, best on average {_text(baseline)}",
        fontsize=8,
    )
    panel.set_xlim(-0.05, 1.05)
    panel.set_ylim(-0.05, 1.05)


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
