"""What is finished of a training, on disk: a run that was stopped or killed goes on from there."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import whole_file
from metallmix_kedro.training.fitting import Network, class_probabilities
from metallmix_kedro.training.inputs.rows import Rows
from metallmix_kedro.training.inputs.splits import Indices, Split
from metallmix_kedro.training.kept.classifier import save_classifier
from metallmix_kedro.training.outcome import FoldOutcome

FOLD = "fold_{}"
"""Name of a fold by its number."""

_FAILED = "failed.txt"


@dataclass(frozen=True)
class TrainedFold:
    """One split trained and asked about its test images.

    ``rows`` are the images that were asked about, shape (n,); ``probabilities`` has shape
    (n, n_classes). ``images_at_once`` is the batch that fitted into memory.
    """

    outcome: FoldOutcome
    rows: Indices
    probabilities: NDArray[np.float32]
    images_at_once: int


class FinishedFolds:
    """The folder of one training: a file for each split that is finished, whole or not there.

    Parameters
    ----------
    folder : Path
        Named by a hash of all that the training depends on (`inputs.cache.cache_key`).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for abandoned in folder.glob(".*.part*"):  # by a run that was killed while it wrote
            abandoned.unlink(missing_ok=True)

    def read(self, name: str) -> TrainedFold | None:
        """Read a finished split; None where there is none, or its file is damaged."""
        try:
            with np.load(self.folder / f"{name}.npz", allow_pickle=False) as stored:
                told = json.loads(str(stored["told"]))
                curve = tuple(told["outcome"].pop("validation_curve"))
                return TrainedFold(
                    FoldOutcome(**told["outcome"], validation_curve=curve),
                    stored["rows"],
                    stored["probabilities"],
                    told["images_at_once"],
                )
        except Exception:  # NumPy, zipfile and json each fail in ways of their own
            return None

    def write(self, name: str, fold: TrainedFold) -> None:
        """Store a finished split."""
        told = {"outcome": asdict(fold.outcome), "images_at_once": fold.images_at_once}
        with whole_file(self.folder / f"{name}.npz") as file:
            np.savez_compressed(
                file, told=json.dumps(told), rows=fold.rows, probabilities=fold.probabilities
            )

    def keep(
        self,
        number: int,
        configuration: Configuration,
        whole: Any,
        network: Network,
        inputs: Sequence[Rows],
        split: Split,
        outcome: FoldOutcome,
    ) -> None:
        """Store a fold as a trial has trained it, and of the first one the network.

        Parameters
        ----------
        number : int
            Of the fold, from 0.
        configuration : Configuration
        whole : keras.Model
            The backbone that was trained.
        network : Network
            At the weights of its best epoch.
        inputs : sequence of Rows
            What it reads.
        split : Split
        outcome : FoldOutcome
        """
        if number == 0:
            save_classifier(self.classifier, configuration, whole, network)
        probabilities = class_probabilities(network, inputs, split.test)[:, 0]
        at_once = int(configuration.batch_size)
        fold = TrainedFold(outcome, split.test, probabilities, at_once)
        self.write(FOLD.format(number), fold)

    @property
    def classifier(self) -> Path:
        """Where the network that is kept lies once it is trained."""
        return self.folder / "classifier.keras"

    @property
    def is_whole(self) -> bool:
        """Whether the first fold and a network are there."""
        return self.read(FOLD.format(0)) is not None and self.classifier.exists()

    def fail(self, message: str) -> None:
        """Record that the training diverged: the same would again."""
        with whole_file(self.folder / _FAILED) as file:
            file.write(message.encode())

    @property
    def failure(self) -> str | None:
        """Why the training failed, if it did."""
        path = self.folder / _FAILED
        return path.read_text("utf-8") if path.exists() else None
