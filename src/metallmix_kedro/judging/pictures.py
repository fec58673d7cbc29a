"""Language models compared as pictures: the paper's (its Figure 7), and our own ablation."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metallmix_kedro.judging.ablation_table import NO_MODEL
from metallmix_kedro.support import empty_figure, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = (
    ("accuracy", "Test accuracy", "linear"),
    ("response_time_s", "Response time (s)", "log"),
    ("training_time_s", "Training time (s)", "log"),
    ("completeness", "Completeness of the explanation (0 to 4)", "linear"),
)
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

DATASET_COLOUR, MEAN_COLOUR = "#56B4E9", "#D55E00"


def draw_llms(outcomes: pd.DataFrame) -> "Figure":
    """Draw accuracy, times and completeness by language model.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        A row a dataset and language model: ``dataset``, ``llm`` and the columns of `PANELS`, as
        the published outcomes have them.

    Returns
    -------
    matplotlib.figure.Figure
        Four panels; a dot is a dataset, a bar the mean. Models by mean accuracy. Without
        outcomes, a figure that says so.
    """
    if outcomes.empty:
        return empty_figure("No outcomes of language models were published.")
    order = outcomes.groupby("llm")["accuracy"].mean().sort_values(ascending=False).index
    figure = new_figure(11, 7.5)
    for axes, (column, label, scale) in zip(
        figure.subplots(2, 2, sharex=True).flat, PANELS, strict=True
    ):
        _draw_panel(axes, outcomes.pivot(index="dataset", columns="llm", values=column)[order])
        axes.set_yscale(scale)
        axes.set_ylabel(label)
        axes.set_xticks(range(len(order)), order, rotation=35, ha="right")
    figure.suptitle("Published outcomes: dots are datasets, bars their mean")
    return figure


def _draw_panel(axes: "Axes", values: pd.DataFrame) -> None:
    # Judge's scores fall on few values: spread sideways, equal dots stay countable.
    spread = np.linspace(-0.25, 0.25, len(values))
    for place, name in enumerate(values):
        axes.scatter(place + spread, values[name], s=20, c=DATASET_COLOUR, alpha=0.8)
        axes.hlines(
            values[name].mean(), place - 0.35, place + 0.35, colors=MEAN_COLOUR, linewidth=2.5
        )
    axes.grid(axis="y", alpha=0.3)


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
