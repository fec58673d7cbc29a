"""What `benchmarks.within_budget` wrote down, read, drawn and told."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from metallmix_kedro.support import new_figure

Line = dict[str, Any]
Curves = dict[str, dict[str, pd.Series]]
"""By method and dataset, the test accuracy of what leads, by seconds."""


def read(path: Path) -> list[Line]:
    """Read the lines there are; one that was being written when a run was killed is left out."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    if len(whole) < len(lines):
        path.write_text("".join(whole))
    return [json.loads(line) for line in whole]


def curves(lines: list[Line]) -> Curves:
    """Make curves of the lines."""
    found: Curves = {}
    table = pd.DataFrame([line for line in lines if "best_test" in line])
    for (method, dataset), rows in table.groupby(["method", "dataset"]):
        curve = rows.drop_duplicates("seconds", keep="last").set_index("seconds")["best_test"]
        found.setdefault(str(method), {})[str(dataset)] = curve
    return found


def draw(found: Curves, order: Sequence[str], path: Path) -> None:
    """Draw a line a method, in this order: the mean over datasets, from when each has a result."""
    figure = new_figure(7, 4.2)
    axes = figure.add_subplot()
    for method in sorted(found, key=order.index):
        by_dataset = found[method]
        together = pd.DataFrame(by_dataset).sort_index().ffill().dropna()
        told = f"{method.replace('_', ' ')} ({len(by_dataset)})"
        mean = together.mean(axis=1)
        axes.step(together.index, mean, where="post", marker=".", label=told)
    axes.set(xscale="log", xlabel="seconds", ylabel="mean test accuracy of what leads")
    axes.legend(frameon=False, title="method (datasets)")
    figure.savefig(path, dpi=150)


def tell(found: Curves) -> None:
    """Print what each method ended with."""
    table = Table("dataset", *found, title="Test accuracy at the end (seconds)")
    names = sorted({name for by_dataset in found.values() for name in by_dataset})
    for name in names:
        ends = [by_dataset.get(name) for by_dataset in found.values()]
        told = ["" if one is None else f"{one.iloc[-1]:.3f} ({one.index[-1]:.0f})" for one in ends]
        table.add_row(name, *told)
    means = [
        (
            np.mean([one.iloc[-1] for one in some.values()]),
            np.mean([one.index[-1] for one in some.values()]),
        )
        for some in found.values()
    ]
    table.add_row("mean", *(f"{score:.3f} ({seconds:.0f})" for score, seconds in means))
    Console(width=120).print(table)
