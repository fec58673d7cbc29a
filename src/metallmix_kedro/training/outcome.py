"""What training one configuration on one fold gave: scores against the truth, and seconds."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.support import require
from metallmix_kedro.training.inputs.splits import Split


@dataclass(frozen=True, slots=True)
class FoldOutcome:
    """Scores in [0, 1] (precision, recalls and F1 on the test images), epochs and seconds.

    Of each half of the test images (every other one), ``n_hits`` of ``n_tested`` were recognised:
    what is chosen on one half can be scored on the other. ``validation_curve`` is the validation
    accuracy after each epoch. ``fit_time_s`` is wall time, ``fit_cpu_s`` processor time; of heads
    that were trained together each has its equal share of every epoch it was part of.
    """

    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float
    test_precision: float
    test_recall: float
    test_f1: float
    test_rarest_recall: float
    epochs_run: int
    fit_time_s: float
    fit_cpu_s: float
    n_tested: tuple[int, int]
    n_hits: tuple[int, int]
    validation_curve: tuple[float, ...]


def fold_outcome(
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    split: Split,
    epochs_run: int,
    fit_time_s: float,
    fit_cpu_s: float,
    validation_curve: Sequence[float],
) -> FoldOutcome:
    """Score predictions on a fold's training, validation and test images.

    Parameters
    ----------
    labels, predicted : numpy.ndarray of int
        Class numbers of all images, shape (n_images,).
    split : Split
        Which of them the fold trained on, validated on and is tested on.
    epochs_run : int
        Epochs until training stopped.
    fit_time_s, fit_cpu_s : float
        Seconds of wall and of processor time.
    validation_curve : sequence of float
        Validation accuracy after each epoch.
    """
    right, test = labels == predicted, split.test
    hits = right[test]
    precision, recall, f1 = macro_scores(labels[test], predicted[test])
    return FoldOutcome(
        train_accuracy=float(right[split.train].mean()),
        validation_accuracy=float(right[split.validation].mean()),
        test_accuracy=float(hits.mean()),
        test_precision=precision,
        test_recall=recall,
        test_f1=f1,
        # Rare is what is rare among all images: a fold's few may differ by one.
        test_rarest_recall=recall_of(rarest_classes(labels), labels[test], predicted[test]),
        epochs_run=epochs_run,
        fit_time_s=fit_time_s,
        fit_cpu_s=fit_cpu_s,
        n_tested=(len(hits[::2]), len(hits[1::2])),
        n_hits=(int(hits[::2].sum()), int(hits[1::2].sum())),
        validation_curve=tuple(validation_curve),
    )


def rarest_classes(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Name the class with the fewest images, or all that share this number.

    Parameters
    ----------
    labels : numpy.ndarray of int
        Class numbers, shape (n_images,); classes without an image do not count.

    Returns
    -------
    numpy.ndarray of int
        Class numbers, ascending.
    """
    classes, counts = np.unique(labels, return_counts=True)
    rarest: NDArray[np.int64] = classes[counts == counts.min()]
    return rarest


def recall_of(
    classes: NDArray[np.int64], truth: NDArray[np.int64], predicted: NDArray[np.int64]
) -> float:
    """Return the share of the images of some classes that is recognised, in [0, 1].

    Parameters
    ----------
    classes : numpy.ndarray of int
        Whose images are looked at.
    truth, predicted : numpy.ndarray of int
        Class numbers, shape (n_images,).

    Returns
    -------
    float
        NaN where `truth` has no image of these classes.
    """
    asked = np.isin(truth, classes)
    return float(np.mean(truth[asked] == predicted[asked])) if asked.any() else math.nan


def macro_scores(
    truth: NDArray[np.int64], predicted: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Return precision, recall and F1 as plain means over the classes, each in [0, 1].

    Parameters
    ----------
    truth, predicted : numpy.ndarray of int
        Class numbers, shape (n_images,). A class that is never predicted has precision 0.
    """
    scores = require("sklearn.metrics", "experiments")
    precision, recall, f1, _ = scores.precision_recall_fscore_support(
        truth, predicted, average="macro", zero_division=0
    )
    return float(precision), float(recall), float(f1)


class Stopwatch:
    """Adds up wall and processor time, shared equally among networks that are trained together.

    Parameters
    ----------
    n_networks : int
        How many there are.
    """

    def __init__(self, n_networks: int) -> None:
        self.wall_s = np.zeros(n_networks)
        self.cpu_s = np.zeros(n_networks)

    @contextmanager
    def shared_by(self, networks: NDArray[np.bool_]) -> Iterator[None]:
        """Add the time spent inside to the networks given, in equal shares."""
        among = networks.copy()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall_s[among] += (time.perf_counter() - wall) / among.sum()
        self.cpu_s[among] += (time.process_time() - cpu) / among.sum()
