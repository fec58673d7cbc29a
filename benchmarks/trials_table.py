"""The table of `benchmarks.trials`: engine against loop, with the goals beside the figures."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from metallmix_kedro.declared import hyperparameter

GOALS = {"feature_extraction": 40, "last_10": 10, "last_30": 4, "full": 1}
GOAL_DIFFERENCE = 0.01
CELL = ["dataset", "backbone"]
CLOCKS = ["wall_s", "cpu_s"]
SIDES = ("engine", "loop")


def print_table(engine: Mapping[str, Any], loop: Mapping[str, Any]) -> None:
    """Print what both sides measured, by strategy.

    Parameters
    ----------
    engine, loop : mapping of str to dict
        Lines of the results by trial id. In a cell of which the loop has measured a part, its
        time is scaled up; a cell of which it has measured nothing does not count.
    """
    both = pd.DataFrame(engine.values()).merge(
        pd.DataFrame(loop.values())[["trial_id", *CLOCKS, "test_accuracy"]],
        on="trial_id",
        how="left",
        suffixes=("_engine", "_loop"),
    )
    times = Table(
        "strategy",
        "trials (loop)",
        "engine (s)",
        "loop (s)",
        "loop / engine (cells)",
        "of processor time",
        "goal",
        "reading batches",
        title="Time",
    )
    scores = Table(
        "strategy",
        "mean |difference|",
        "largest",
        "goal",
        "mean difference, 95 %",
        title="Accuracy",
    )
    for strategy in hyperparameter("strategy").ranks:
        rows = both[both["strategy"] == strategy]
        if rows["wall_s_loop"].notna().any():
            times.add_row(strategy, *_times(rows, GOALS[strategy]))
            scores.add_row(strategy, *_differences(rows))
    console = Console(width=140)
    console.print(times)
    console.print(scores)


def _times(rows: pd.DataFrame, goal: int) -> list[str]:
    cells = pd.DataFrame([_cell(cell) for _, cell in rows.groupby(CELL)]).dropna()
    wall, processor = (
        f"{_ratio(cells.sum(), clock):.1f} "
        f"({_ratio(cells, clock).min():.1f} to {_ratio(cells, clock).max():.1f})"
        for clock in CLOCKS
    )
    reading = rows["reading_s"].sum() / rows["wall_s_engine"].sum()
    return [
        f"{len(rows)} ({rows['wall_s_loop'].count()})",
        f"{cells['wall_s_engine'].sum():.1f}",
        f"{cells['wall_s_loop'].sum():.1f}",
        wall,
        processor,
        f"at least {goal}",
        f"{reading:.1%} of engine",
    ]


def _cell(rows: pd.DataFrame) -> dict[str, float]:
    """Add up both sides of a cell; the loop's, from the mean of what it measured."""
    return {
        f"{clock}_{side}": rows[f"{clock}_{side}"].mean() * len(rows)
        for clock in CLOCKS
        for side in SIDES
    }


def _ratio(totals: Any, clock: str) -> Any:
    return totals[f"{clock}_loop"] / totals[f"{clock}_engine"]


def _differences(rows: pd.DataFrame) -> list[str]:
    difference = (rows["test_accuracy_engine"] - rows["test_accuracy_loop"]).dropna()
    margin = "unknown"  # of one trial
    if len(difference) > 1:
        margin = f"{1.96 * difference.std() / len(difference) ** 0.5:.4f}"
    return [
        f"{difference.abs().mean():.4f}",
        f"{difference.abs().max():.4f}",
        f"{difference.mean():+.4f} ± {margin}",
        f"at most {GOAL_DIFFERENCE} on average, no bias",
    ]
