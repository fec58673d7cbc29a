"""What `benchmarks.within_budget` finds: written down, read, drawn and told."""

import json
import time
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


class Account:
    """The lines of one method on one dataset: those written before, and the clock that goes on."""

    def __init__(self, path: Path, method: str, dataset: str) -> None:
        self._path, self._named = path, {"method": method, "dataset": dataset}
        self.lines = [one for one in read(path) if self._named.items() <= one.items()]
        self.start()

    def start(self) -> None:
        """Let the clock run on from the last line."""
        before = self.lines[-1]["seconds"] if self.lines else 0.0
        self._began = time.monotonic() - before
        self._paused: float | None = None

    def pause(self) -> None:
        """Let the clock stand: what follows is no part of the method."""
        self._paused = self.seconds

    @property
    def seconds(self) -> float:
        """Seconds used so far, those of earlier runs included."""
        return time.monotonic() - self._began if self._paused is None else self._paused

    @property
    def is_done(self) -> bool:
        """Whether the method has ended."""
        return bool(self.lines) and "done" in self.lines[-1]

    def write(self, line: Line) -> None:
        """Write a line."""
        self.lines.append({**self._named, "seconds": round(self.seconds, 2), **line})
        with self._path.open("a") as file:
            file.write(json.dumps(self.lines[-1]) + "\n")

    def trial(self, validation: float | None, test: float | None, may_lead: bool = True) -> None:
        """Write what a trial gave, and the best so far; of equals in validation, the first."""
        known = [(one["best_validation"], one["best_test"]) for one in self.lines]
        if may_lead:
            known.append((validation or 0.0, test or 0.0))
        best = max(known, key=lambda one: one[0], default=(0.0, 0.0))
        self._write_trial(validation, test, best)

    def settle(self, validation: float, test: float) -> None:
        """Write what leads in the end, as tested on the folds of all methods."""
        self._write_trial(validation, test, (validation, test))

    def _write_trial(
        self, validation: float | None, test: float | None, best: tuple[float, float]
    ) -> None:
        told = {"validation": validation, "test": test}
        self.write({**told, "best_validation": best[0], "best_test": best[1]})


def curves(lines: list[Line]) -> Curves:
    """Make curves of the lines."""
    found: Curves = {}
    told = ["method", "dataset", "seconds", "best_test"]
    table = pd.DataFrame([line for line in lines if "best_test" in line], columns=told)
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
