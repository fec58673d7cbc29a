"""Training on one split after another, whatever is trained: several heads, or one whole network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.support import MetallmixError
from metallmix_kedro.training.inputs.rows import Rows
from metallmix_kedro.training.inputs.splits import Indices, Split, batches
from metallmix_kedro.training.network import assign
from metallmix_kedro.training.outcome import FoldOutcome, Stopwatch, fold_outcome

Floats = NDArray[np.float32]
Floats64 = NDArray[np.float64]
Labels = NDArray[np.int64]


class Network(Protocol):
    """One or several networks that are trained at the same time, on the same examples.

    ``inputs`` are the arrays that the network reads, each with one row an example.
    """

    n_networks: int
    rows_at_once: int = 64
    _state: list[Any]
    _weights: list[Any]
    _initial: list[Floats]

    def starts_as_it_is(self, state: list[Any], weights: list[Any]) -> None:
        """Remember what training changes, the weights among it, as it is now."""
        self._state, self._weights = state, weights
        self._initial = [np.asarray(variable).copy() for variable in state]

    def reset(self) -> None:
        """Go back to the state before training; what Keras has traced stays."""
        assign(self._state, self._initial)

    def train_on(self, inputs: list[Floats], labels: Labels) -> None:
        """Take one step of the optimizer on one batch."""

    def probabilities(self, inputs: list[Floats]) -> Floats:
        """Return class probabilities, shape (n_examples, n_networks, n_classes)."""

    def predict(self, inputs: list[Floats]) -> Labels:
        """Return classes, shape (n_examples, n_networks)."""
        return np.asarray(self.probabilities(inputs).argmax(axis=2), dtype=np.int64)

    def head_weights(self) -> list[list[Floats]]:
        """Return the weights of the first network's head, by layer, as `network.HEAD_LAYERS`."""

    def weights(self) -> list[Floats]:
        """Return a copy of all weights."""
        return [np.asarray(variable).copy() for variable in self._weights]

    def keep(self, kept: list[Floats], which: NDArray[np.bool_]) -> None:
        """Copy the present weights of some networks into `kept`, in place."""

    def set_weights(self, values: list[Floats]) -> None:
        """Put weights back."""
        assign(self._weights, values)


class EnoughError(MetallmixError):
    """Ends a training, the splits that are finished being enough; an error where none is."""


class Watcher:
    """Looks on while networks are trained, and does nothing; what it raises ends the training."""

    def epoch_ended(
        self, network: Network, inputs: Sequence[Rows], split: Split, accuracies: Floats64
    ) -> None:
        """Be told the validation accuracies after an epoch, shape (n_networks,)."""

    def split_ended(
        self,
        network: Network,
        inputs: Sequence[Rows],
        split: Split,
        outcomes: Sequence[FoldOutcome],
    ) -> None:
        """Be shown the networks at the weights of their best epochs, with what each gave."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How trials are trained: see `train_splits` and `network.set_trainable`."""

    max_epochs: int
    patience: int
    freeze_batch_norm: bool
    seed: int


class EarlyStopping:
    """Stops each of several networks that are trained together, by its own validation accuracy.

    As Keras' callback of the same name: an epoch counts as better only if its accuracy is higher
    than all before; after `patience` epochs without a better one, training stops, and the weights
    of the best epoch are the result.

    Parameters
    ----------
    n_networks : int
        Networks trained together.
    patience : int
        Epochs without a better accuracy after which a network stops, at least 1.
    """

    def __init__(self, n_networks: int, patience: int) -> None:
        self._patience = patience
        self._best = np.full(n_networks, -np.inf)
        self._waited = np.zeros(n_networks, dtype=np.int64)
        self.running: NDArray[np.bool_] = np.ones(n_networks, dtype=np.bool_)
        self.epochs: NDArray[np.int64] = np.zeros(n_networks, dtype=np.int64)

    def update(self, accuracies: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Take the validation accuracies of one epoch.

        Parameters
        ----------
        accuracies : numpy.ndarray
            Shape (n_networks,); those of networks that have stopped are not looked at.

        Returns
        -------
        numpy.ndarray of bool
            Which networks are at their best now: their weights are the ones to keep.
        """
        better = self.running & (accuracies > self._best)
        self._best = np.where(better, accuracies, self._best)
        self._waited = np.where(better, 0, self._waited + 1)
        self.epochs = self.epochs + self.running
        self.running = self.running & (self._waited < self._patience)
        return better


def train_splits(
    network: Network,
    inputs: Sequence[Rows],
    labels: Labels,
    splits: Sequence[Split],
    batch_size: int,
    schedule: Schedule,
    watcher: Watcher | None = None,
) -> list[list[FoldOutcome]]:
    """Train and test on each split, always from the same initial weights.

    Parameters
    ----------
    network : Network
        What is trained; it is as before when the function returns.
    inputs : sequence of Rows
        What the network reads, each of shape (n_images, ...).
    labels : numpy.ndarray of int
        Class numbers, shape (n_images,).
    splits : sequence of Split
        Rows to train on, validate on and test on.
    batch_size : int
        Images in a training step.
    schedule : Schedule
        Most epochs; epochs without a better validation accuracy before training stops, of which
        the weights of the best are kept; and the seed of the order of examples.
    watcher : Watcher, optional
        Is told of every epoch and split.

    Returns
    -------
    list of list of FoldOutcome
        For each of the network's networks, one outcome for each split, or for as many as were
        finished when the watcher raised an `EnoughError`.
    """
    by_split: list[list[FoldOutcome]] = []
    try:
        for split in splits:
            network.reset()
            watch = Stopwatch(network.n_networks)
            stopping = EarlyStopping(network.n_networks, schedule.patience)
            curves: list[NDArray[np.float64]] = []
            kept = network.weights()
            for epoch in range(schedule.max_epochs):
                with watch.shared_by(stopping.running):
                    for rows in batches(split.train, batch_size, schedule.seed, epoch):
                        network.train_on(_take(inputs, rows), labels[rows])
                    predicted = _predict(network, inputs, split.validation)
                    accuracies = (predicted == labels[split.validation, None]).mean(axis=0)
                    network.keep(kept, stopping.update(accuracies))
                curves.append(accuracies)
                if watcher is not None:
                    watcher.epoch_ended(network, inputs, split, accuracies)
                if not stopping.running.any():
                    break
            network.set_weights(kept)
            curve = np.array(curves)
            outcomes = _outcomes(network, inputs, labels, split, stopping.epochs, watch, curve)
            by_split.append(outcomes)
            if watcher is not None:
                watcher.split_ended(network, inputs, split, outcomes)
    except EnoughError:
        if not by_split:
            raise
    finally:
        network.reset()
    return [list(outcomes) for outcomes in zip(*by_split, strict=True)]


def _outcomes(
    network: Network,
    inputs: Sequence[Rows],
    labels: Labels,
    split: Split,
    epochs: NDArray[np.int64],
    watch: Stopwatch,
    curve: NDArray[np.float64],
) -> list[FoldOutcome]:
    predicted = np.zeros((len(labels), network.n_networks), dtype=np.int64)
    for rows in (split.train, split.validation, split.test):
        predicted[rows] = _predict(network, inputs, rows)
    return [
        fold_outcome(
            labels,
            predicted[:, number],
            split,
            int(epochs[number]),
            float(watch.wall_s[number]),
            float(watch.cpu_s[number]),
            curve[: epochs[number], number].tolist(),
        )
        for number in range(network.n_networks)
    ]


def _take(inputs: Sequence[Rows], rows: Indices) -> list[Floats]:
    return [array[rows] for array in inputs]


def _predict(network: Network, inputs: Sequence[Rows], rows: Indices) -> Labels:
    return np.concatenate([network.predict(part) for part in _parts(network, inputs, rows)])[
        : len(rows)
    ]


def class_probabilities(network: Network, inputs: Sequence[Rows], rows: Indices) -> Floats:
    """Return the class probabilities of some rows, shape (n_rows, n_networks, n_classes)."""
    parts = [network.probabilities(part) for part in _parts(network, inputs, rows)]
    return np.concatenate(parts)[: len(rows)]


def _parts(network: Network, inputs: Sequence[Rows], rows: Indices) -> Iterator[list[Floats]]:
    """Take rows in parts of one length, the last one filled up: what is traced once serves all."""
    n_parts = -(-len(rows) // network.rows_at_once)
    for part in np.resize(rows, (n_parts, network.rows_at_once)):
        yield _take(inputs, part)
