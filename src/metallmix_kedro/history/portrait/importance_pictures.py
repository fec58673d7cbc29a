"""The picture of how much each hyperparameter matters."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.support import BLUE, GREY, ORANGE, Axes, Figure, empty_figure, new_figure

N_PAIRS = 3
"""Pairs of hyperparameters that are drawn by name."""


def plot_importance(summary: Mapping[str, Any]) -> Figure:
    """Draw how much of the variance within a dataset each hyperparameter explains.

    Parameters
    ----------
    summary : mapping
        From `history.portrait.summary.summarise_history`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for all strategies together and one for feature extraction, where there are enough
        trials: bars are means over datasets, points are datasets. Below the hyperparameters stand
        the strongest pairs, all other pairs together, and the rest.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    tables = _panels(summary["importance"])
    if not tables:
        return empty_figure("The history holds too few trials to say what mattered.")
    figure = new_figure(2.5 + 4.6 * len(tables), 1.5 + 0.36 * max(map(len, tables.values())))
    panels = figure.subplots(1, len(tables), squeeze=False)[0]
    for axes, (title, table) in zip(panels, tables.items(), strict=True):
        _draw_importance(axes, table)
        n = table.shape[1] - 1
        axes.set_title(f"{title} ({n} dataset{'s' if n > 1 else ''})")
    figure.supxlabel(
        "share of the variance of test accuracy within a dataset\n"
        "(bar and number: mean over datasets; point: a dataset)",
        fontsize="medium",
    )
    return figure


def _panels(importance: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the tables to draw by title: all trials, and one strategy where there are several.

    Where the others were tried too rarely to split all trials, the one strategy is drawn alone.
    """
    everything = importance["all"]
    mixed = "strategy" in everything["overall"]["main"] or not everything["by_dataset"]
    titles = {"all": "All strategies, equally weighted" if mixed else "All trials"}
    if mixed:
        titles["feature_extraction"] = "Feature extraction only"
    return {
        title: _importance_rows(importance[name])
        for name, title in titles.items()
        if importance.get(name, {}).get("by_dataset")
    }


def _importance_rows(importance: Mapping[str, Any]) -> pd.DataFrame:
    """Return shares: a row a bar, from top to bottom, a column ``overall`` and one a dataset."""
    overall = importance["overall"]
    named = list(overall["pairs"])[:N_PAIRS]
    parts = {"overall": overall, **importance["by_dataset"]}
    rows = {
        **{_words(name): [_get(part, "main", name) for part in parts.values()]
           for name in overall["main"]},
        **{_words(name): [_get(part, "pairs", name) for part in parts.values()]
           for name in named},
        "all other pairs": [
            sum(share for name, share in part["pairs"].items() if name not in named)
            for part in parts.values()
        ],
        "rest (three or more, noise)": [part["rest"] for part in parts.values()],
    }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(parts)).astype(float)


def _get(part: Mapping[str, Any], kind: str, name: str) -> float:
    return float(part[kind].get(name, np.nan))


def _words(name: str) -> str:
    return name.replace("_", " ").replace(" x ", " × ")


def _draw_importance(axes: Axes, table: pd.DataFrame) -> None:
    colours = [
        GREY if name.startswith(("rest", "all other")) else ORANGE if "×" in name else BLUE
        for name in table.index.astype(str)
    ]
    places = np.arange(len(table))
    axes.barh(places, table["overall"], color=colours, alpha=0.85, height=0.62)
    datasets = table.drop(columns="overall")
    # Points of one bar are spread, so that they do not hide each other.
    offsets = np.linspace(-0.22, 0.22, max(datasets.shape[1], 2))[: datasets.shape[1]]
    for offset, name in zip(offsets, datasets, strict=True):
        axes.scatter(
            datasets[name], places + offset, s=12, color="black", alpha=0.55, linewidths=0, zorder=3
        )
    for place, share in zip(places, table["overall"], strict=True):
        axes.text(
            1.01,
            float(place),
            f"{round(share, 2) + 0.0:.0%}",  # no "-0%"
            va="center",
            transform=axes.get_yaxis_transform(),
        )
    axes.set_yticks(places, table.index)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.grid(axis="x", alpha=0.3)
