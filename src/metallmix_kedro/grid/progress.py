"""The progress bar of a grid."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from metallmix_kedro.grid.record import Record

Advance = Callable[[Record], None]
"""Counts a trial that has ended, and shows the best one of its dataset."""


@contextmanager
def grid_progress(total: int, finished: int) -> Iterator[Advance]:
    """Show how many trials are done, how long the rest will take, and the best score so far.

    Parameters
    ----------
    total : int
        Trials of the whole grid.
    finished : int
        How many of them were measured before.
    """
    best: dict[str, float] = {}

    def told(record: Record) -> str:
        dataset, score = record["dataset"], record["test_accuracy"]
        if score is not None:
            best[dataset] = max(score, best.get(dataset, 0.0))
        if dataset not in best:
            return f"{dataset}: no trial finished yet"
        return f"{dataset}: best {best[dataset]:.3f}"

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[best]}"),
    ) as shown:
        task = shown.add_task("trials", total=total, completed=finished, best="")
        yield lambda record: shown.update(task, advance=1, best=told(record))
