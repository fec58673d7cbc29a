"""The paper's comparison of language models as a picture (its Figure 7)."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metallmix_kedro.history.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = (
    ("accuracy", "Test accuracy", "linear"),
    ("response_time_s", "Response time (s)", "log"),
    ("training_time_s", "Training time (s)", "log"),
    ("completeness", "Completeness of the explanation (0 to 4)", "linear"),
)
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
        Four panels; a dot is a dataset, a bar the mean. Models by mean accuracy.
    """
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
