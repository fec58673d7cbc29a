"""The progress bar of a grid."""

from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from metallmix_kedro.grid.record import Record


class GridProgress:
    """Shows how many trials are done, how long the rest will take, and the best score so far.

    Parameters
    ----------
    total : int
        Trials of the whole grid.
    finished : int
        How many of them were measured before.
    """

    def __init__(self, total: int, finished: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[best]}"),
        )
        self._task = self._progress.add_task("trials", total=total, completed=finished, best="")
        self._best: dict[str, float] = {}

    def __enter__(self) -> "GridProgress":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def advance(self, record: Record) -> None:
        """Count a trial."""
        self._progress.update(self._task, advance=1, best=self._describe(record))

    def _describe(self, record: Record) -> str:
        dataset, score = record["dataset"], record["test_accuracy"]
        if score is not None:
            self._best[dataset] = max(score, self._best.get(dataset, 0.0))
        if dataset not in self._best:
            return f"{dataset}: no trial finished yet"
        return f"{dataset}: best {self._best[dataset]:.3f}"
