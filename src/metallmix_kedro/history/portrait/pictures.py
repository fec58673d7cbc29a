"""Pictures of a history: what won where, and which datasets are alike."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.declared import hyperparameter, network, titled
from metallmix_kedro.support import (
    COLOUR_MAP,
    VERMILION,
    Axes,
    Figure,
    empty_figure,
    frame,
    new_figure,
)

MAX_ANNOTATED = 20
"""Most datasets for which the cells of a heat map hold their numbers."""

MAX_LABELLED = 60
"""Most datasets that are named beside a heat map."""

MAX_COLUMNS = 20
"""Most values that are drawn; of more, those that win, then those nearest to winning."""

LARGEST_GAP = 0.25
"""Gap to the best accuracy of a row from which on colours no longer differ."""


def plot_winners(summary: Mapping[str, Any]) -> Figure:
    """Draw which backbone and which strategy do best on each dataset, or what else is in titles.

    Parameters
    ----------
    summary : mapping
        From `history.portrait.summary.summarise_history`.

    Returns
    -------
    matplotlib.figure.Figure
        Heat maps with a row a dataset, the highest accuracy on top: numbers are expected best
        test accuracies of equally many random trials, colours the gap to the row's best, which is
        framed.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    winners = summary["winners"]
    tables = {name: _expected(winners, name) for name in titled()}
    tables = {name: table for name, table in tables.items() if len(table.columns)}
    if not tables:
        return empty_figure("The history holds no trials that can be compared.")
    first, *others = tables
    order = tables[first].max(axis=1).sort_values(ascending=False, kind="stable").index
    for name in others:
        if tables[name].shape[1] < 2:  # nothing to compare
            del tables[name]
    sizes = {name: table.shape[1] for name, table in tables.items()}
    tables = {name: _nearest_to_winning(table) for name, table in tables.items()}
    widths = [table.shape[1] for table in tables.values()]
    height = min(2.5 + 0.36 * len(order), 24)
    figure = new_figure(3.6 + 0.72 * sum(widths), height)
    panels = figure.subplots(1, len(tables), sharey=True, width_ratios=widths, squeeze=False)[0]
    for axes, (name, table) in zip(panels, tables.items(), strict=True):
        image = _draw_winners(axes, table.loc[order])
        axes.set_title(f"By {name.replace('_', ' ')}\n{_tries(winners, name)}")
        if sizes[name] > MAX_COLUMNS:
            values = "backbones" if name == network() else "values"
            axes.set_xlabel(f"{MAX_COLUMNS} of {sizes[name]} {values}")
    panels[0].set_yticks(range(len(order)), order)
    if len(order) > MAX_LABELLED:
        panels[0].set_yticks([])
    figure.colorbar(
        image,
        ax=list(panels),
        label="test accuracy below the best of the row",
        extend="min",
        shrink=0.8,
    ).ax.yaxis.set_major_formatter(lambda gap, _: f"{gap:.2f}")
    return figure


def plot_similarity(summary: Mapping[str, Any]) -> Figure:
    """Draw how far the datasets agree on which configurations are good.

    Parameters
    ----------
    summary : mapping
        From `history.portrait.summary.summarise_history`.

    Returns
    -------
    matplotlib.figure.Figure
        A heat map of Spearman's correlations, alike datasets side by side. On the diagonal, in
        italics and framed, validation against test accuracy of the dataset itself.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    similarity = summary["similarity"]
    order = similarity["order"]
    if len(order) < 2:
        return empty_figure("The history holds fewer than two datasets that can be compared.")
    table = pd.DataFrame(similarity["spearman"], dtype=float).loc[order, order]
    side = float(np.clip(3.2 + 0.5 * len(table), 5, 20))
    figure = new_figure(side + 1.0, side)
    axes = figure.add_subplot()
    lowest = min(0.0, float(np.nanmin(table))) if table.notna().any(axis=None) else 0.0
    image = axes.imshow(table, cmap=COLOUR_MAP, vmin=lowest, vmax=1)
    figure.colorbar(image, ax=axes, label="Spearman's rank correlation", shrink=0.8)
    axes.set_title(
        "Do datasets rank configurations alike?\n"
        "(framed: validation against test accuracy of the dataset itself)"
    )
    if len(table) <= MAX_LABELLED:
        axes.set_xticks(range(len(table)), table.columns, rotation=40, ha="right")
        axes.set_yticks(range(len(table)), table.index)
    axes.set_xlabel("dataset")
    axes.set_ylabel("dataset")
    for at in range(len(table)):
        frame(axes, at, at, "black")
    if len(table) <= MAX_ANNOTATED:
        for (row, column), value in np.ndenumerate(table.to_numpy()):
            if np.isfinite(value):
                dark = value < lowest + 0.6 * (1 - lowest)
                axes.text(
                    column,
                    row,
                    f"{round(value, 2) + 0.0:.2f}",
                    ha="center",
                    va="center",
                    color="white" if dark else "black",
                    style="italic" if row == column else "normal",
                    fontsize=9,
                )
    return figure


def _expected(winners: Mapping[str, Any], name: str) -> pd.DataFrame:
    """Return expected best scores: a row a dataset, a column a value, in the values' order."""
    scores = {
        group: {value: told["expected_best"] for value, told in found[f"by_{name}"].items()}
        for group, found in winners.items()
    }
    table = pd.DataFrame.from_dict(scores, orient="index").sort_index(axis=1).astype(float)
    declared = hyperparameter(name)
    if declared.is_number:
        return table[sorted(table, key=lambda value: float(str(value)))]
    # Strategies stand in their order, from the fewest trained layers to all.
    known = [value for value in declared.ranks if value in table]
    ordered = known if declared.kind == "ordered" else []
    return table[ordered + [value for value in table if value not in ordered]]


def _nearest_to_winning(table: pd.DataFrame) -> pd.DataFrame:
    """Keep `MAX_COLUMNS` columns: most wins first, then the smallest mean gap to the winner."""
    gaps = table.sub(table.max(axis=1), axis=0)
    won = gaps == 0
    shared = won.div(won.sum(axis=1), axis=0)  # a tie is a part of a win
    ranks = pd.DataFrame({"wins": shared.sum(), "gap": gaps.mean()})
    kept = ranks.sort_values(["wins", "gap"], ascending=False, kind="stable").index[:MAX_COLUMNS]
    return table[[name for name in table if name in set(kept)]]


def _tries(winners: Mapping[str, Any], name: str) -> str:
    told = (told for found in winners.values() for told in found[f"by_{name}"].values())
    counts = {one["n_tries"] for one in told}
    if not counts:
        return ""
    fewest, most = min(counts), max(counts)
    if most == 1:
        return "mean of one random trial"
    return f"expected best of {most if fewest == most else f'{fewest} to {most}'} random trials"


def _draw_winners(axes: Axes, table: pd.DataFrame) -> Any:
    scores = table.to_numpy(dtype=float)
    gaps = scores - np.nanmax(scores, axis=1, keepdims=True)
    image = axes.imshow(gaps, cmap=COLOUR_MAP, vmin=-LARGEST_GAP, vmax=0, aspect="auto")
    axes.set_xticks(range(table.shape[1]), table.columns, rotation=40, ha="right")
    for (row, column), gap in np.ndenumerate(gaps):
        if gap == 0:
            frame(axes, row, column, VERMILION)
        if np.isfinite(gap) and len(table) <= MAX_ANNOTATED:
            axes.text(
                column,
                row,
                f"{scores[row, column]:.2f}",
                ha="center",
                va="center",
                color="white" if gap < -0.4 * LARGEST_GAP else "black",
                weight="bold" if gap == 0 else "normal",
                fontsize=9,
            )
    return image
