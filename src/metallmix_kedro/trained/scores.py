"""How good a classifier is, by images that it was not trained on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.trained.candidates import TrainedTarget

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_DRAWS = 1000
_LEVEL = 0.95
_BINS = 10


@dataclass(frozen=True)
class Asked:
    """The images that networks were asked about which they were not trained on.

    ``rows`` number the images of the plan, shape (n,); ``truth`` and ``predicted`` are class
    numbers, ``probabilities`` has shape (n, n_classes). ``held_out``: nothing of the training,
    not even when to stop, depended on them.
    """

    rows: Counts
    truth: Counts
    predicted: Counts
    probabilities: NDArray[np.float32]
    held_out: bool

    @classmethod
    def of(cls, done: TrainedTarget) -> "Asked":
        """Take the test images of all folds, or what told the network when to stop."""
        parts = done.trained.folds or (done.trained.kept,)
        rows = np.concatenate([part.rows for part in parts])
        probabilities = np.concatenate([part.probabilities for part in parts])
        return cls(
            rows,
            done.plan.labels[rows],
            probabilities.argmax(axis=1),
            probabilities,
            bool(done.trained.folds),
        )

    @property
    def confusion(self) -> Counts:
        """How many images of each class (rows) were taken for each (columns)."""
        n_classes = self.probabilities.shape[1]
        pairs = self.truth * n_classes + self.predicted
        counts: Counts = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
        return counts


@dataclass(frozen=True)
class Score:
    """A score with the interval that it has in 95 of 100 samples of such images."""

    value: float
    low: float
    high: float


def by_class(confusion: NDArray[np.number]) -> tuple[Floats, Floats, Floats]:
    """Return precision, recall and F1 of each class; shapes (..., n_classes).

    Parameters
    ----------
    confusion : numpy.ndarray
        Counts, shape (..., n_classes, n_classes). Where a class is never named, or has no image,
        its scores are 0.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    named, there = confusion.sum(axis=-2), confusion.sum(axis=-1)
    precision = hits / np.maximum(named, 1)
    recall = hits / np.maximum(there, 1)
    return precision, recall, 2 * hits / np.maximum(named + there, 1)


def scores_of(confusion: NDArray[np.number], rarest: Counts) -> dict[str, Floats]:
    """Return the scores of one confusion matrix or of many, each in [0, 1].

    Parameters
    ----------
    confusion : numpy.ndarray
        Shape (..., n_classes, n_classes).
    rarest : numpy.ndarray of int
        The classes with the fewest images.
    """
    precision, recall, f1 = by_class(confusion)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    there = confusion.sum(axis=-1)
    return {
        # Named like the objectives (`history.objective.MEASURES`), and two more.
        "accuracy": hits.sum(axis=-1) / np.maximum(there.sum(axis=-1), 1),
        "macro_f1": f1.mean(axis=-1),
        "macro_precision": precision.mean(axis=-1),
        "macro_recall": recall.mean(axis=-1),
        "rarest_class_recall": hits[..., rarest].sum(axis=-1)
        / np.maximum(there[..., rarest].sum(axis=-1), 1),
    }


def scores_with_intervals(asked: Asked, all_labels: Counts, seed: int) -> dict[str, Score]:
    """Score predictions, with intervals by drawing the images again (bootstrap).

    Parameters
    ----------
    asked : Asked
    all_labels : numpy.ndarray of int
        Class numbers of all images: they say which class is rarest.
    seed : int
        Seed of the draws.

    Returns
    -------
    dict
        By metric, pooled over the folds.
    """
    counts = np.bincount(all_labels)
    rarest = np.flatnonzero(counts == counts.min())
    confusion = asked.confusion
    shares = confusion.ravel() / confusion.sum()
    drawn = np.random.default_rng(seed).multinomial(confusion.sum(), shares, size=_DRAWS)
    spread = scores_of(drawn.reshape(_DRAWS, *confusion.shape), rarest)
    tails = ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2)
    return {
        name: Score(float(value), *(float(np.quantile(spread[name], tail)) for tail in tails))
        for name, value in scores_of(confusion, rarest).items()
    }


def calibration(asked: Asked) -> tuple[Floats, Floats, Counts, float]:
    """Compare stated probabilities with what came true.

    Returns
    -------
    stated, right : numpy.ndarray
        Mean probability of the named class, and share of images that are right, in each of ten
        equal ranges of that probability; those without images are left out.
    n_images : numpy.ndarray of int
        Images in each.
    error : float
        Expected calibration error: the mean distance, weighted by images, in [0, 1].
    """
    stated = asked.probabilities.max(axis=1).astype(np.float64)
    places = np.minimum((stated * _BINS).astype(np.int64), _BINS - 1)
    n_images = np.bincount(places, minlength=_BINS)
    there = n_images > 0
    means, shares = (
        np.bincount(places, weights=values, minlength=_BINS)[there] / n_images[there]
        for values in (stated, asked.predicted == asked.truth)
    )
    error = np.average(np.abs(means - shares), weights=n_images[there])
    return means, shares, n_images[there], float(error)


def most_wrong(asked: Asked, count: int) -> Counts:
    """Return positions of the wrong answers that were given with most confidence, worst first."""
    wrong = np.flatnonzero(asked.predicted != asked.truth)
    order = np.argsort(-asked.probabilities[wrong].max(axis=1), kind="stable")
    chosen: Counts = wrong[order[:count]]
    return chosen
