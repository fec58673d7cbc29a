"""Figures of merit, each a pure function of numbers."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[np.float64]


def expected_best_of(regrets: Values) -> Values:
    """Return the expected smallest regret among k trials drawn at random, for every k.

    Exact, without replacement: the i-th smallest of n is the smallest of k drawn with probability
    C(n − i, k − 1) / C(n, k).

    Parameters
    ----------
    regrets : ndarray
        Regrets of all n trials, shape (n,).

    Returns
    -------
    ndarray
        Shape (n,): the expectation for k = 1 to n. The first is the mean, the last the minimum.

    Examples
    --------
    >>> expected_best_of(np.array([0.0, 0.5, 1.0])).round(3).tolist()
    [0.5, 0.167, 0.0]
    """
    ordered = np.sort(regrets)
    n = len(ordered)
    expected = np.empty(n)
    # Probability that the i-th smallest is the best of k, from i to i + 1 by one factor.
    for k in range(1, n + 1):
        i = np.arange(1, n)
        factors = np.maximum(n - i - k + 1, 0) / (n - i)
        expected[k - 1] = np.cumprod(np.concatenate([[k / n], factors])) @ ordered
    return expected


def equal_trials(regret: float, curve: Values) -> int | None:
    """Return the smallest k whose best of k trials is as good as a regret.

    Parameters
    ----------
    regret : float
        Mean regret of a method.
    curve : ndarray
        Expected regret of the best of 1, 2, … trials, falling; may be empty.

    Returns
    -------
    int or None
        At least 1; None if no number of the curve's trials is as good.
    """
    # Equal figures may differ in their last bits after being averaged in another order.
    good_enough = np.flatnonzero(curve <= regret + 1e-12)
    return int(good_enough[0]) + 1 if good_enough.size else None


def bootstrap_interval(
    values: Values, level: float, n_bootstrap: int, seed: int
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a mean.

    Parameters
    ----------
    values : ndarray
        One value a dataset, shape (n,).
    level : float
        Share of the bootstrap means inside, in (0, 1).
    n_bootstrap : int
        Draws.
    seed : int
        Seed of the draws; with one seed all methods are drawn the same datasets.

    Returns
    -------
    low, high : float
    """
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(n_bootstrap, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_by_dataset(outcomes: pd.DataFrame, column: str) -> pd.DataFrame:
    """Average an outcome over seeds.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        As `evaluation.compare.Comparison` has them.
    column : str
        For example ``"regret"``.

    Returns
    -------
    pandas.DataFrame
        Shape (datasets, methods); methods in the order of their first outcome.
    """
    means = outcomes.groupby(["dataset", "method"], sort=False)[column].mean()
    return means.unstack("method")[list(outcomes["method"].unique())]


def mean_path(anytime: pd.DataFrame, method: str) -> "pd.Series[float]":
    """Average a method's regret after 1, 2, … trials over datasets.

    Parameters
    ----------
    anytime : pandas.DataFrame
        Columns dataset, method, n_trials, regret.
    method : str
        Name of a method.

    Returns
    -------
    pandas.Series
        Index: trials; empty if the method is not in the table. A dataset on which there was
        nothing more to try stays at its best.
    """
    ours = anytime[anytime["method"] == method]
    by_dataset = ours.pivot(index="n_trials", columns="dataset", values="regret")
    return by_dataset.ffill().mean(axis=1)
