"""Bayesian optimisation replayed on recorded trials (paper, section 3.1: the baseline BO).

The configurations that may come next are those that were recorded, so every question has an
answer. The library that proposes trials for the history belongs to training and is not used here.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.evaluation.methods.gaussian_process import GaussianProcess
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.support.extras import require

Values = npt.NDArray[np.float64]

LOGARITHMIC = ("learning_rate", "batch_size")
NUMERIC = ("dense_units", "dropout", *LOGARITHMIC)
CATEGORICAL = ("backbone", "strategy", "optimizer")


def by_gaussian_process(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:
    """Try trials where a Gaussian process expects the most improvement, after a random start.

    Parameters
    ----------
    task : Task
        Its `reveal` is asked once for each trial tried.
    rng : numpy.random.Generator
        For the random start and the order of equals.
    n_picks : int
        Trials to try.

    Returns
    -------
    list of int
        Positions of candidates in the order tried, at most `n_picks`.

    Raises
    ------
    MissingExtraError
        If scipy is not installed.
    """
    # Matrices of twenty rows: threads of the linear algebra would only wait for each other, and
    # their number would change the last bits of the result.
    with require("threadpoolctl", "learn").threadpool_limits(1):
        return _replayed(task, rng, n_picks)


def _replayed(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:
    points = encode(task.candidates)
    # Equals fall in the order of this permutation: the table's own order says nothing.
    order = rng.permutation(len(points))
    n_initial = min(task.settings.evaluation.n_initial, n_picks)
    tried = [int(position) for position in order[:n_initial]]
    scores = [task.reveal(position) for position in tried]
    distances = [_distances(points, position) for position in tried]
    while len(tried) < min(n_picks, len(points)):
        left = order[~np.isin(order, tried)]
        from_tried = np.array(distances)
        process = GaussianProcess.fit(from_tried[:, tried], np.array(scores))
        mean, std = process.predict(from_tried[:, left])
        position = int(left[np.argmax(expected_improvement(mean, std, max(scores)))])
        tried.append(position)
        scores.append(task.reveal(position))
        distances.append(_distances(points, position))
    return tried


def _distances(points: Values, position: int) -> Values:
    distances: Values = np.sqrt(((points - points[position]) ** 2).sum(axis=1))
    return distances


def encode(candidates: pd.DataFrame) -> Values:
    """Place configurations in a space where each hyperparameter is at most 1 wide.

    Parameters
    ----------
    candidates : pandas.DataFrame
        n configurations; what is unknown counts as the middle, or as a category of its own.

    Returns
    -------
    ndarray
        Shape (n, columns): numeric hyperparameters in [0, 1], learning rate and batch size after
        a logarithm; categories one-hot, two of them 1 apart.
    """
    numbers = candidates[list(NUMERIC)].astype(float)
    numbers[list(LOGARITHMIC)] = np.log(numbers[list(LOGARITHMIC)])
    width = (numbers.max() - numbers.min()).replace(0, 1)
    scaled = ((numbers - numbers.min()) / width).fillna(0.5)
    one_hot = pd.get_dummies(candidates[list(CATEGORICAL)], dtype=float) / np.sqrt(2)
    return np.hstack([scaled.to_numpy(), one_hot.to_numpy()])


def expected_improvement(mean: Values, std: Values, best: float) -> Values:
    """Return the expected improvement over the best score so far, shape (n,), at least 0.

    Parameters
    ----------
    mean, std : ndarray
        Predicted mean and standard deviation, shape (n,).
    best : float
        Highest score seen.
    """
    norm = require("scipy.stats", "learn").norm
    spread = np.maximum(std, 1e-12)
    z = (mean - best) / spread
    improvement: Values = (mean - best) * norm.cdf(z) + spread * norm.pdf(z)
    return np.maximum(improvement, 0)
