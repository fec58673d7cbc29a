"""The ablation of the language model as a picture."""

from itertools import cycle

import numpy as np
import pandas as pd

from metallmix_kedro.judging.ablation_table import NO_MODEL
from metallmix_kedro.support import Figure, empty_figure, new_figure

CONDITION_LABELS: dict[str, str] = {
    "surrogate": "surrogate alone",
    "random_short_list": "any of the short list",
    "llm": "language model, weighed (the product)",
    "llm_open": "its vote alone",
    "llm_no_shap": "… without SHAP",
    "llm_no_retrieval": "… without past trials",
    "llm_no_scores": "… without predictions",
    "llm_free": "it composes freely (the paper's way)",
}
MODEL_COLOURS = (
    *("#D55E00", "#0072B2", "#009E73", "#E69F00", "#CC79A7"),
    *("#56B4E9", "#7A3E9D", "#8C564B", "#B5A900"),
)
NO_MODEL_COLOUR = "#333333"


def draw_ablation(table: pd.DataFrame) -> Figure:
    """Draw the regret with and without a language model, one ingredient missing at a time.

    Parameters
    ----------
    table : pandas.DataFrame
        From `ablation_table.row_table`.

    Returns
    -------
    matplotlib.figure.Figure
        A row a measured condition; small dots are datasets, large ones their mean, colours are
        models. The line is the surrogate alone. Without rows, a figure that says so.
    """
    if table.empty:
        return empty_figure("No language model was measured (evaluation.llm_ablation.enabled).")
    names = [name for name in table["llm"].unique() if name != NO_MODEL]
    looks = _looks(names)
    measured_ones = set(table["condition"])
    labels = {one: label for one, label in CONDITION_LABELS.items() if one in measured_ones}
    figure = new_figure(9, 1.5 + 0.55 * len(labels))
    axes = figure.add_subplot()
    rows = {condition: row for row, condition in enumerate(labels)}
    for (name, condition), measured in table.groupby(["llm", "condition"]):
        offset, colour = looks[str(name)]
        at, regrets = rows[str(condition)] + offset, measured["regret"]
        axes.scatter(regrets, [at] * len(regrets), s=10, c=colour, alpha=0.35)
        axes.scatter(regrets.mean(), at, s=70, c=colour, zorder=3)
    for name in names:
        axes.scatter([], [], s=70, c=looks[name][1], label=name)
    alone = table.loc[table["condition"] == "surrogate", "regret"]
    axes.axvline(alone.mean(), color=NO_MODEL_COLOUR, linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(labels)), list(labels.values()))
    axes.invert_yaxis()
    axes.set_xlabel("normalised regret on the dataset left out (0: its best recorded trial)")
    axes.grid(axis="x", alpha=0.3)
    if names:
        axes.legend(loc="lower right", fontsize="small")
    return figure


def _looks(names: list[str]) -> dict[str, tuple[float, str]]:
    """Give each model its place within a row and its colour."""
    places = np.linspace(-0.28, 0.28, len(names)) if len(names) > 1 else [0.0]
    looks = dict(zip(names, zip(places, cycle(MODEL_COLOURS), strict=False), strict=False))
    return {NO_MODEL: (0.0, NO_MODEL_COLOUR), **looks}
