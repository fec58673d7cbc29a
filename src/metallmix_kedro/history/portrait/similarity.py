"""Whether what is good on one dataset is good on another (paper, section 2.3).

Learning from other datasets rests on this: where rankings of configurations agree, past trials
tell something.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.columns import SCORE
from metallmix_kedro.support import require

MIN_COMMON = 10
"""Fewest configurations measured on both datasets for their rankings to be compared."""

DIGITS = 4
"""Digits after the point of stored correlations."""


def compare_rankings(trials: pd.DataFrame) -> dict[str, Any]:
    """Correlate the datasets' rankings of the configurations measured on both.

    Parameters
    ----------
    trials : pandas.DataFrame
        From `history.comparable.comparable_trials`.

    Returns
    -------
    dict
        ``order``: the groups (datasets), alike ones side by side. ``spearman``: by group and
        group, Spearman's rank correlation of the test accuracies in [−1, 1]; None where they have
        fewer than `MIN_COMMON` configurations in common or one of them ranks nothing. A group with
        itself has the correlation of validation and test accuracy of its own trials: the most that
        chance leaves two measurements of one ranking to agree, and a little more, since an image
        that tests in one fold validates in another. ``n_common``: how many configurations each
        rests on.

    Notes
    -----
    Every configuration counts once, so a strategy weighs as much as it has configurations.
    """
    own = trials.assign(
        configuration=trials.groupby(list(configuration_columns()), dropna=False).ngroup()
    )
    tables = {
        column: own.groupby(["configuration", "group"])[column].mean().unstack()
        for column in (SCORE, "validation_accuracy")
    }
    scores, validations = tables[SCORE], tables["validation_accuracy"]
    names = [str(name) for name in scores.columns]
    correlations = np.full((len(names), len(names)), np.nan)
    common = np.zeros(correlations.shape, dtype=int)
    for row, one in enumerate(names):
        for column, other in enumerate(names):
            second = validations[one] if one == other else scores[other]
            both = pd.DataFrame({"one": scores[one], "other": second}).dropna()
            common[row, column] = len(both)
            correlations[row, column] = spearman(both["one"], both["other"])
    order = alike_side_by_side(correlations)
    return {
        "order": [names[at] for at in order],
        "spearman": _nested(names, order, correlations),
        "n_common": _nested(names, order, common),
    }


def spearman(one: "pd.Series[float]", other: "pd.Series[float]") -> float:
    """Return Spearman's rank correlation; ties share the mean of their ranks.

    Parameters
    ----------
    one, other : pandas.Series
        Two values each of the same things, length n.

    Returns
    -------
    float
        In [−1, 1]; NaN if n is below `MIN_COMMON` or one side has equal values only.
    """
    if len(one) < MIN_COMMON or one.nunique() < 2 or other.nunique() < 2:
        return float("nan")
    return float(np.corrcoef(one.rank(), other.rank())[0, 1])


def alike_side_by_side(correlations: npt.NDArray[np.float64]) -> list[int]:
    """Order datasets so that those whose rankings agree are neighbours.

    Average linkage of 1 − correlation with the leaves turned for the best fit of neighbours
    (scipy's optimal ordering); a missing correlation counts as 0.

    Parameters
    ----------
    correlations : ndarray
        Symmetric but for its diagonal, which is not looked at; shape (n, n).

    Returns
    -------
    list of int
        The rows, each once.
    """
    n = len(correlations)
    if n < 3:
        return list(range(n))
    hierarchy = require("scipy.cluster.hierarchy", "learn")
    distances = 1 - np.nan_to_num(correlations)[np.triu_indices(n, k=1)]
    tree = hierarchy.linkage(distances, method="average", optimal_ordering=True)
    return [int(leaf) for leaf in hierarchy.leaves_list(tree)]


def _nested(names: list[str], order: list[int], values: npt.NDArray[Any]) -> dict[str, Any]:
    return {
        names[row]: {names[column]: _plain(values[row, column]) for column in order}
        for row in order
    }


def _plain(value: Any) -> float | int | None:
    if np.issubdtype(type(value), np.integer):
        return int(value)
    return None if np.isnan(value) else round(float(value), DIGITS) + 0.0
