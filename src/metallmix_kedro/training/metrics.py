"""Scores of predictions against the truth."""

import math

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.support import require


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
