"""What training one configuration on one fold gave."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.training.inputs.splits import Split
from metallmix_kedro.training.metrics import macro_scores, rarest_classes, recall_of


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
