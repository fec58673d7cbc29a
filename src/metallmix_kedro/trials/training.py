"""Training one configuration, fold by fold."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.extras import require
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.trials.features import Arrays
from metallmix_kedro.trials.metrics import classification_scores
from metallmix_kedro.trials.network import CutBackbone, build_trained_part
from metallmix_kedro.trials.splits import Indices, Split


@dataclass(frozen=True, slots=True)
class FoldOutcome:
    """Scores in [0, 1] (precision, recall and F1 on the test images), epochs and seconds."""

    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float
    test_precision: float
    test_recall: float
    test_f1: float
    epochs_run: int
    fit_time_s: float


class _Snapshot:
    """The state of a compiled model before training, to start every fold from the same one.

    Restoring is cheaper than building again: the traced training step is kept.
    """

    def __init__(self, model: Any) -> None:
        model.optimizer.build(model.trainable_variables)
        self._variables = [*model.variables, *model.optimizer.variables]
        self._values = [np.asarray(variable) for variable in self._variables]

    def restore(self) -> None:
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)


def _rows(arrays: Arrays, indices: Indices) -> Arrays:
    return [array[indices] for array in arrays]


def _predict(model: Any, arrays: Arrays) -> NDArray[np.int64]:
    probabilities = model.predict(arrays, batch_size=64, verbose=0)
    return np.asarray(np.argmax(probabilities, axis=1), dtype=np.int64)


def _train_fold(
    model: Any,
    arrays: Arrays,
    labels: NDArray[np.int64],
    split: Split,
    batch_size: int,
    max_epochs: int,
    patience: int,
) -> FoldOutcome:
    keras = require("keras", "experiments")
    start = time.perf_counter()
    history = model.fit(
        _rows(arrays, split.train),
        labels[split.train],
        validation_data=(_rows(arrays, split.validation), labels[split.validation]),
        batch_size=batch_size,
        epochs=max_epochs,
        callbacks=[
            keras.callbacks.EarlyStopping(
                monitor="val_accuracy", mode="max", patience=patience, restore_best_weights=True
            )
        ],
        verbose=0,
    )
    found = {
        name: classification_scores(labels[rows], _predict(model, _rows(arrays, rows)))
        for name, rows in (
            ("train", split.train),
            ("validation", split.validation),
            ("test", split.test),
        )
    }
    return FoldOutcome(
        train_accuracy=found["train"]["accuracy"],
        validation_accuracy=found["validation"]["accuracy"],
        test_accuracy=found["test"]["accuracy"],
        test_precision=found["test"]["precision"],
        test_recall=found["test"]["recall"],
        test_f1=found["test"]["f1"],
        epochs_run=len(history.epoch),
        fit_time_s=time.perf_counter() - start,
    )


def train_folds(
    cut: CutBackbone,
    arrays: Arrays,
    labels: NDArray[np.int64],
    splits: list[Split],
    configuration: Configuration,
    *,
    max_epochs: int,
    patience: int,
    freeze_batch_norm: bool,
    seed: int,
) -> list[FoldOutcome]:
    """Train and test one configuration on each split, always from the same initial weights.

    Parameters
    ----------
    cut : CutBackbone
        The backbone; its weights are as before when the function returns.
    arrays : list of numpy.ndarray
        What crosses the cut for all images, each of shape (n_images, ...).
    labels : numpy.ndarray of int
        Class numbers, shape (n_images,).
    splits : list of Split
        Rows of `arrays` to train on, validate on and test on.
    configuration : Configuration
        What is trained.
    max_epochs, patience : int
        Most epochs, and epochs without a better validation accuracy before stopping. The weights
        of the best epoch are kept.
    freeze_batch_norm : bool
        Keep the backbone's batch norm at its stored statistics.
    seed : int
        Seed of initial weights, dropout and the order of examples.

    Returns
    -------
    list of FoldOutcome
        One for each split.
    """
    keras = require("keras", "experiments")
    keras.utils.set_random_seed(seed)
    n_classes = int(labels.max()) + 1
    model = build_trained_part(cut, configuration, n_classes, freeze_batch_norm, seed)
    initial = _Snapshot(model)
    outcomes = []
    try:
        for split in splits:
            initial.restore()
            keras.utils.set_random_seed(seed)
            outcomes.append(
                _train_fold(
                    model, arrays, labels, split, configuration.batch_size, max_epochs, patience
                )
            )
    finally:
        initial.restore()
    return outcomes
