"""Whether differences between methods are more than chance; the unit is the dataset.

After Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 2006, with
Wilcoxon's test for the pairs, as Benavoli, Corani and Mangili ("Should we really use post-hoc tests
based on mean-ranks?", JMLR 2016) advise.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import wilcoxon

Values = npt.NDArray[np.float64]

DIGITS = 12
"""Digits after the point that count: equal figures may differ in their last bits."""


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
