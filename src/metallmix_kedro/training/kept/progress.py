"""The progress bar of a training."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class TrainingProgress(Progress):
    """Shows the split and epoch, the validation accuracy, and how long the rest may take.

    Parameters
    ----------
    n_splits : int
        Splits that are to be trained.
    max_epochs : int
        Most epochs of each; one that stops early counts as if it had had them all.
    """

    def __init__(self, n_splits: int, max_epochs: int) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            TextColumn("at most"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._max_epochs = max_epochs
        self._ended = 0
        self._epoch = 0
        self._best = 0.0
        self._task = self.add_task("training", total=n_splits * max_epochs, told="")

    def begin(self, description: str) -> None:
        """Say what comes next."""
        self._epoch, self._best = 0, 0.0
        self.update(self._task, description=description, told="")

    def epoch_ended(self, accuracy: float) -> None:
        """Count an epoch with its validation accuracy in [0, 1]."""
        self._epoch += 1
        self._best = max(self._best, accuracy)
        self.update(
            self._task,
            completed=self._ended * self._max_epochs + self._epoch,
            told=f"epoch {self._epoch}: validation {accuracy:.3f}, best {self._best:.3f}",
        )

    def split_ended(self) -> None:
        """Count a split."""
        self._ended += 1
        self.update(self._task, completed=self._ended * self._max_epochs)
