"""Which backbone and which strategy win on which dataset (paper, section 3.3).

In another domain: the hyperparameters that title a configuration.
"""

from typing import Any

import pandas as pd

from metallmix_kedro.declared import configuration_columns, hyperparameter, titled
from metallmix_kedro.history.averages import best_on_average
from metallmix_kedro.history.columns import SCORE

DIGITS = 6
"""Digits after the point of stored scores."""


def find_winners(trials: pd.DataFrame) -> dict[str, Any]:
    """Compare backbones and strategies within each dataset.

    Parameters
    ----------
    trials : pandas.DataFrame
        From `history.comparable.comparable_trials`.

    Returns
    -------
    dict
        By group (dataset): ``best``, the trial with the highest score; and by each hyperparameter
        of a title (``by_backbone``, ``by_strategy``) and value: ``n`` trials, the ``best`` score,
        and ``best_on_average``, the score here of the configuration with that value that is best
        on average over the other groups (of those measured here and on half of the others; where
        there are none, on the most); null where no other group has one.

    Notes
    -----
    The best of many trials is optimistic, since it was chosen by the score that is told, and the
    more so the more were tried; the mean of many blames a value for what nobody would combine it
    with. What was chosen elsewhere is free of both.
    """
    names = titled()
    if not names:
        return {}
    keys = [*configuration_columns(), "group"]
    means = trials.groupby(keys, dropna=False, observed=True)[[SCORE, "relative_score"]].mean()
    scores, relative = means[SCORE].unstack("group"), means["relative_score"].unstack("group")
    configurations = scores.index.to_frame(index=False)
    found = {}
    for group, rows in trials.groupby("group"):
        others = relative.drop(columns=group)
        here = configurations.assign(
            score=scores[group].to_numpy(),
            mean_relative_score=others.mean(axis=1).to_numpy(),
            n_datasets=others.notna().sum(axis=1).to_numpy(),
        )
        here = here[here["score"].notna()]
        found[str(group)] = {
            "best": _best(rows),
            **{
                f"by_{name}": _describe_each(rows, here, name, len(others.columns))
                for name in names
            },
        }
    return found


def _describe_each(
    rows: pd.DataFrame, here: pd.DataFrame, column: str, n_others: int
) -> dict[str, dict[str, Any]]:
    readable = hyperparameter(column).readable
    return {
        readable(value): {
            "n": len(part),
            "best": round(float(part[SCORE].max()), DIGITS),
            "best_on_average": _best_on_average(here[here[column] == value], n_others),
        }
        for value, part in rows.groupby(column)
    }


def _best_on_average(here: pd.DataFrame, n_others: int) -> float | None:
    row = best_on_average(here, n_others)
    return None if row is None else round(float(here["score"].iloc[row]), DIGITS)


def _best(rows: pd.DataFrame) -> dict[str, Any]:
    best = rows.iloc[int(rows[SCORE].to_numpy(float).argmax())]
    return {
        "trial_id": str(best["trial_id"]),
        "score": round(float(best[SCORE]), DIGITS),
        **{
            name: None if pd.isna(best[name]) else hyperparameter(name).readable(best[name])
            for name in titled()
        },
    }
