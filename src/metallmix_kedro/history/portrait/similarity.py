"""Whether what is good on one dataset is good on another (paper, section 2.3).

Learning from other datasets rests on this: where rankings of configurations agree, past trials
tell something.
"""

from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.columns import SCORE
from metallmix_kedro.support import alike_side_by_side

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
    if trials.empty:
        return {"order": [], "spearman": {}, "n_common": {}}
    own = trials.assign(
        configuration=trials.groupby(list(configuration_columns()), dropna=False).ngroup()
    )
    means = own.groupby(["configuration", "group"])[[SCORE, "validation_accuracy"]].mean()
    scores, validations = (means[column].unstack() for column in means)
    measured = scores.notna().astype(np.int64)
    correlations, common = rank_correlations(scores).to_numpy(copy=True), measured.T @ measured
    agreements = [
        rank_correlations(pd.concat([scores[name], validations[name]], axis=1, keys=[0, 1]))
        for name in scores
    ]
    np.fill_diagonal(correlations, [both.to_numpy()[0, 1] for both in agreements])
    found = pd.DataFrame(correlations, index=scores.columns, columns=scores.columns)
    order = alike_side_by_side(1 - found.fillna(0))
    return {
        "order": order,
        "spearman": as_json(found.loc[order, order]),
        "n_common": common.loc[order, order].to_dict(),
    }


def rank_correlations(scores: pd.DataFrame) -> pd.DataFrame:
    """Return Spearman's rank correlation of each pair of columns; ties share the mean rank.

    Parameters
    ----------
    scores : pandas.DataFrame
        A row a configuration, n columns; missing where it was not measured.

    Returns
    -------
    pandas.DataFrame
        Shape (n, n), in [−1, 1]; missing where a pair has fewer than `MIN_COMMON` rows in common or
        one side has equal values only.
    """
    return scores.corr(method="spearman", min_periods=MIN_COMMON)


def as_json(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Return a table of correlations as JSON values, column by column; None where missing."""
    rounded = table.round(DIGITS) + 0.0  # no -0.0
    found: dict[Any, Any] = rounded.astype(object).where(rounded.notna(), None).to_dict()
    return found
