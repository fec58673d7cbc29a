"""Whether differences between methods are more than chance; the unit is the dataset.

After Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 2006, with
Wilcoxon's test for the pairs, as Benavoli, Corani and Mangili ("Should we really use post-hoc tests
based on mean-ranks?", JMLR 2016) advise.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import friedmanchisquare, wilcoxon

Values = npt.NDArray[np.float64]

DIGITS = 12
"""Digits after the point that count: equal figures may differ in their last bits."""


class Verdict(NamedTuple):
    """Friedman's test, the pairs, and who stands together.

    Parameters
    ----------
    friedman_p : float or None
        Of the hypothesis that all methods are equal; None with fewer than three methods.
    pairs : pandas.DataFrame
        Columns one, other, p, p_holm: every two methods.
    bars : list of tuple of str
        Methods next to each other by mean rank that are not told apart.
    """

    friedman_p: float | None
    pairs: pd.DataFrame
    bars: list[tuple[str, ...]]


def signed_rank_p(differences: Values) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test.

    Parameters
    ----------
    differences : ndarray
        One a dataset, shape (n,). Zeros are dropped; if all are zero, p is 1.

    Examples
    --------
    >>> signed_rank_p(np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.0]))
    0.0625
    """
    rounded = np.round(differences, DIGITS)
    if not rounded.any():
        return 1.0
    return float(wilcoxon(rounded[rounded != 0]).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for being several (Holm's step-down method).

    Parameters
    ----------
    p_values : sequence of float
        Of one family of tests.

    Returns
    -------
    list of float
        In the same order, at most 1.

    Examples
    --------
    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return [float(value) for value in corrected]


def against_others(figures: pd.DataFrame, ours: str) -> pd.DataFrame:
    """Test one method against every other one.

    Parameters
    ----------
    figures : pandas.DataFrame
        Shape (datasets, methods), smaller is better.
    ours : str
        Its method.

    Returns
    -------
    pandas.DataFrame
        A row another method: ``ours``, ``other``; ``mean_difference``, ours less theirs; ``wins``,
        ``ties``, ``losses`` of ours, datasets; ``p`` of Wilcoxon's signed-rank test and ``p_holm``,
        corrected for all rows.
    """
    rows = []
    for other in figures.columns.drop(ours):
        difference = (figures[ours] - figures[other]).to_numpy().round(DIGITS)
        rows.append(
            {
                "ours": ours,
                "other": other,
                "mean_difference": float(difference.mean()),
                "wins": int((difference < 0).sum()),
                "ties": int((difference == 0).sum()),
                "losses": int((difference > 0).sum()),
                "p": signed_rank_p(difference),
            }
        )
    columns = ["ours", "other", "mean_difference", "wins", "ties", "losses", "p"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_holm=holm(table["p"].tolist()))


def all_pairs(figures: pd.DataFrame) -> pd.DataFrame:
    """Test every two methods, corrected for all pairs.

    Parameters
    ----------
    figures : pandas.DataFrame
        Shape (datasets, methods).

    Returns
    -------
    pandas.DataFrame
        Columns ``one``, ``other``, ``p``, ``p_holm``.
    """
    rows = [
        (one, other, signed_rank_p((figures[one] - figures[other]).to_numpy()))
        for one, other in combinations(figures.columns, 2)
    ]
    table = pd.DataFrame(rows, columns=["one", "other", "p"])
    return table.assign(p_holm=holm(table["p"].tolist()))


def mean_ranks_of(figures: pd.DataFrame) -> "pd.Series[float]":
    """Return the mean rank of each method over datasets, the best first; equals share ranks."""
    ranks = figures.round(DIGITS).rank(axis=1).mean()
    return ranks.sort_values(kind="stable")


def critical_difference(figures: pd.DataFrame, alpha: float) -> Verdict:
    """Say which methods are told apart.

    Parameters
    ----------
    figures : pandas.DataFrame
        Shape (datasets, methods), smaller is better.
    alpha : float
        Level of Friedman's test and of the corrected pairs.
    """
    pairs = all_pairs(figures)
    order = [str(name) for name in mean_ranks_of(figures).index]
    friedman_p = _friedman_p(figures)
    if friedman_p is not None and friedman_p >= alpha:
        return Verdict(friedman_p, pairs, [tuple(order)])
    told_apart = {
        frozenset((row["one"], row["other"]))
        for row in pairs.to_dict("records")
        if row["p_holm"] < alpha
    }
    return Verdict(friedman_p, pairs, bars(order, told_apart))


def bars(order: Sequence[str], told_apart: set[frozenset[str]]) -> list[tuple[str, ...]]:
    """Return the longest runs of methods of which no two are told apart.

    Parameters
    ----------
    order : sequence of str
        Methods by mean rank.
    told_apart : set of frozenset
        Pairs that differ significantly.

    Returns
    -------
    list of tuple of str
        Runs of at least two methods, none inside another.

    Examples
    --------
    >>> bars(["a", "b", "c"], {frozenset("ac")})
    [('a', 'b'), ('b', 'c')]
    """
    runs: list[tuple[int, int]] = []
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and not any(
            frozenset((order[end], name)) in told_apart for name in order[start:end]
        ):
            end += 1
        inside_the_last = bool(runs) and runs[-1][1] >= end
        if end - start > 1 and not inside_the_last:
            runs.append((start, end))
    return [tuple(order[start:end]) for start, end in runs]


def _friedman_p(figures: pd.DataFrame) -> float | None:
    if figures.shape[1] < 3:
        return None
    columns = [figures[name].round(DIGITS).to_numpy() for name in figures]
    if all(np.array_equal(column, columns[0]) for column in columns):
        return 1.0
    return float(friedmanchisquare(*columns).pvalue)
