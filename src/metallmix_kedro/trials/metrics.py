"""Scores of predictions against the truth."""

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.extras import require


def classification_scores(
    truth: NDArray[np.int64], predicted: NDArray[np.int64]
) -> dict[str, float]:
    """Accuracy, and precision, recall and F1 as plain means over the classes (macro).

    Parameters
    ----------
    truth, predicted : numpy.ndarray of int
        Class numbers, shape (n_images,). A class that is never predicted has precision 0.

    Returns
    -------
    dict
        Keys ``accuracy``, ``precision``, ``recall``, ``f1``, each in [0, 1].
    """
    scores = require("sklearn.metrics", "experiments")
    precision, recall, f1, _ = scores.precision_recall_fscore_support(
        truth, predicted, average="macro", zero_division=0
    )
    return {
        "accuracy": float(np.mean(truth == predicted)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }
