"""How much each hyperparameter matters (paper, section 2.2, asked of the trials themselves).

An analysis of variance without interactions, within each dataset: by how much the adjusted R² of a
linear model on the values of all hyperparameters falls when one of them is left out. It is what
this one explains beyond the others, less what chance alone would seem to explain: what explains
nothing is as often a little below zero as above, and means over datasets are not biased.

Limits: what goes along with another hyperparameter in all trials of a dataset, as one learning rate
with one optimizer, cannot be told from it and is left out there. Interactions and noise count as
unexplained. Values are taken as names. A share depends on the values that were tried and on how
often: a learning rate between 1e-5 and 1e-3 matters more than one between 1e-4 and 2e-4. On one
dataset a share is uncertain by a tenth or more; the mean over datasets is what to read.
"""

from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.columns import SCORE

MAX_VALUES = 8
"""Most values of a numeric hyperparameter taken one by one; more become quarters."""

TRIALS_PER_EFFECT = 2
"""Fewest trials for each effect that the linear model estimates."""

DIGITS = 4
"""Digits after the point of stored shares."""


def measure_importance(trials: pd.DataFrame) -> dict[str, Any]:
    """Say what share of the variance of the score each hyperparameter explains.

    Parameters
    ----------
    trials : pandas.DataFrame
        From `history.comparable.comparable_trials`, or the part of it with one strategy.

    Returns
    -------
    dict
        ``by_dataset``: for each group the shares of `explained_shares`; groups of which nothing can
        be said are left out. ``overall``: the means over the datasets that have a share, the
        largest first.
    """
    by_dataset = {
        str(name): shares
        for name, rows in trials.groupby("group")
        if (shares := explained_shares(rows[SCORE], rows[list(configuration_columns())]))
    }
    means = pd.DataFrame(by_dataset.values(), dtype=float).mean()
    overall = means.sort_values(ascending=False, kind="stable").round(DIGITS).to_dict()
    return {"overall": overall, "by_dataset": by_dataset}


def explained_shares(scores: "pd.Series[float]", values: pd.DataFrame) -> dict[str, float]:
    """Return the share of the variance of scores that each hyperparameter explains.

    Parameters
    ----------
    scores : pandas.Series
        Scores in any unit, n.
    values : pandas.DataFrame
        The hyperparameters, n rows; trials that do not know what others do are left out.

    Returns
    -------
    dict of str to float
        At most 1, by chance below 0, of each hyperparameter that was varied and can be told from
        the others; none if all scores are equal or there are fewer than `TRIALS_PER_EFFECT` trials
        an effect.

    Examples
    --------
    >>> scores = pd.Series([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
    >>> explained_shares(scores, pd.DataFrame({"optimizer": ["adam"] * 3 + ["sgd"] * 3}))
    {'optimizer': 0.9127}
    """
    given = values.dropna(axis=1, how="all").dropna().apply(_as_words)
    varied = given.loc[:, given.nunique() > 1]
    scores = scores[varied.index]
    everything, rank = _unexplained(scores, varied)
    if scores.nunique() < 2 or len(scores) < TRIALS_PER_EFFECT * rank:
        return {}
    shares = {}
    for name in varied:
        without, rank_without = _unexplained(scores, varied.drop(columns=name))
        if rank - rank_without == varied[name].nunique() - 1:
            shares[str(name)] = round((without - everything) / float(scores.var()), DIGITS)
    return shares


def _as_words(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > MAX_VALUES:
        values = pd.qcut(values, 4, labels=False, duplicates="drop")
    return values.astype("str")


def _unexplained(scores: "pd.Series[float]", varied: pd.DataFrame) -> tuple[float, int]:
    """Return the variance that a linear model leaves, and how many effects it has."""
    effects = (
        pd.get_dummies(varied, drop_first=True, dtype=float) if len(varied.columns) else varied
    )
    design = effects.assign(intercept=1.0).to_numpy(dtype=float)
    solution, _, rank, _ = np.linalg.lstsq(design, scores)
    residuals = scores - design @ solution
    return float(residuals @ residuals) / max(len(scores) - int(rank), 1), int(rank)
