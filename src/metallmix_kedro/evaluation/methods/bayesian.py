"""Bayesian optimisation replayed on recorded trials (paper, section 3.1: the baseline BO).

The configurations that may come next are those that were recorded, so every question has an
answer. The library that proposes trials for the history belongs to training and is not used here.
"""

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import Hyperparameter, hyperparameters
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.support import require
from metallmix_kedro.surrogate import expected_improvement

Values = npt.NDArray[np.float64]


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
        If scikit-learn is not installed.
    """
    # Matrices of twenty rows: threads of the linear algebra would only wait for each other, and
    # their number would change the last bits of the result.
    with require("threadpoolctl", "learn").threadpool_limits(1), warnings.catch_warnings():
        # Few points often fit best at a bound, which is no reason for alarm.
        warnings.simplefilter("ignore", require("sklearn.exceptions", "learn").ConvergenceWarning)
        return _replayed(task, rng, n_picks)


def _replayed(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:
    gaussian_process = require("sklearn.gaussian_process", "learn")
    kernels = gaussian_process.kernels
    kernel = kernels.ConstantKernel(1.0, (1e-2, 1e2)) * kernels.Matern(1.0, (1e-1, 1e2), nu=2.5)
    kernel += kernels.WhiteKernel(1e-2, (1e-5, 1.0))
    points = encode(task.candidates)
    # Equals fall in the order of this permutation: the table's own order says nothing.
    order = rng.permutation(len(points))
    n_initial = min(task.settings.evaluation.n_initial, n_picks)
    tried = [int(position) for position in order[:n_initial]]
    scores = [task.reveal(position) for position in tried]
    while len(tried) < min(n_picks, len(points)):
        left = order[~np.isin(order, tried)]
        process = gaussian_process.GaussianProcessRegressor(kernel, normalize_y=True)
        mean, std = process.fit(points[tried], scores).predict(points[left], return_std=True)
        position = int(left[np.argmax(expected_improvement(mean, std, max(scores)))])
        tried.append(position)
        scores.append(task.reveal(position))
    return tried


def encode(candidates: pd.DataFrame) -> Values:
    """Place configurations in a space where each hyperparameter is at most 1 wide.

    Parameters
    ----------
    candidates : pandas.DataFrame
        n configurations; what is unknown counts as the middle, or as a category of its own.

    Returns
    -------
    ndarray
        Shape (n, columns): numeric hyperparameters in [0, 1], on their scale; words one-hot, two
        of them 1 apart.
    """
    declared = hyperparameters()
    words = [name for name, one in declared.items() if not one.is_number]
    numbers = pd.DataFrame(
        {
            name: _on_scale(one, candidates[name].to_numpy(dtype=float, na_value=np.nan))
            for name, one in declared.items()
            if one.is_number
        },
        index=candidates.index,
    )
    width = (numbers.max() - numbers.min()).replace(0, 1)
    scaled = ((numbers - numbers.min()) / width).fillna(0.5)
    one_hot = [pd.get_dummies(candidates[name], dtype=float) / np.sqrt(2) for name in words]
    return np.hstack([scaled, *one_hot])


def _on_scale(declared: Hyperparameter, values: Values) -> Values:
    """Put numbers on their scale; a count that may be 0, which has no logarithm, stays as it is."""
    may_be_zero = declared.kind == "whole_number" and declared.problem_with(0) is None
    return values if may_be_zero and declared.scale is None else declared.on_scale(values)
