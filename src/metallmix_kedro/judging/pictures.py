"""The ablation of the language model as a picture."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metallmix_kedro.judging.ablation_table import NO_MODEL
from metallmix_kedro.support import empty_figure, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


def draw_ablation(table: pd.DataFrame) -> "Figure":
    """Draw the regret with and without a language model, one ingredient missing at a time.

    Parameters
    ----------
    table : pandas.DataFrame
        From `ablation_table.row_table`.

    Returns
    -------
    matplotlib.figure.Figure
        A row a condition; small dots are datasets, large ones their mean, colours are models. The
        line is the surrogate alone. Without rows, a figure that says so.
    """
    if table.empty:
        return empty_figure("No language model was measured (evaluation.llm_ablation.enabled).")
    names = [name for name in table["llm"].unique() if name != NO_MODEL]
    colours = {NO_MODEL: NO_MODEL_COLOUR}
    colours |= {name: MODEL_COLOURS[i % len(MODEL_COLOURS)] for i, name in enumerate(names)}
    places = np.linspace(-0.28, 0.28, len(names)) if len(names) > 1 else [0.0]
    heights = {NO_MODEL: 0.0, **dict(zip(names, places, strict=False))}
    figure = new_figure(9, 1.5 + 0.55 * len(CONDITION_LABELS))
    axes = figure.add_subplot()
    for name, of_model in table.groupby("llm"):
        for place, condition in enumerate(CONDITION_LABELS):
            regrets = of_model.loc[of_model["condition"] == condition, "regret"]
            if regrets.empty:
                continue
            at, colour = place + heights[str(name)], colours[str(name)]
            axes.scatter(regrets, [at] * len(regrets), s=10, c=colour, alpha=0.35)
            axes.scatter(regrets.mean(), at, s=70, c=colour, zorder=3)
    for name in names:
        axes.scatter([], [], s=70, c=colours[name], label=name)
    alone = table.loc[table["condition"] == "surrogate", "regret"]
    axes.axvline(alone.mean(), color=NO_MODEL_COLOUR, linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(CONDITION_LABELS)), list(CONDITION_LABELS.values()))
    axes.invert_yaxis()
    axes.set_xlabel("normalised regret on the dataset left out (0: its best recorded trial)")
    axes.grid(axis="x", alpha=0.3)
    if names:
        axes.legend(loc="upper right", fontsize="small")
    return figure
