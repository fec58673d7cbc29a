"""Which backbone and which strategy win on which dataset (paper, section 3.3).

In another domain: the hyperparameters that title a configuration.
"""

from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import hyperparameter, titled
from metallmix_kedro.history.columns import SCORE

MAX_TRIES = 20
"""Most random trials of which the expected best is told: the budget of the paper's searches."""

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
        and ``expected_best``, what the best of ``n_tries`` random trials scores on average, with
        ``n_tries`` the smallest number of trials among those compared, `MAX_TRIES` at most: who was
        tried more often has no advantage.

    Notes
    -----
    The best of many trials is optimistic: it was chosen by the score that is told. It serves to
    compare, not to promise.
    """
    names = titled()
    return {
        str(group): {
            "best": _best(rows),
            **{f"by_{name}": _describe_each(rows, name) for name in names},
        }
        for group, rows in trials.groupby("group")
        if names
    }


def expected_best(scores: npt.NDArray[np.float64], n_tries: int) -> float:
    """Return the expected highest score among some trials drawn at random, without repeats.

    Parameters
    ----------
    scores : ndarray
        Scores, shape (n,).
    n_tries : int
        How many are drawn, from 1 to n.

    Examples
    --------
    >>> expected_best(np.array([0.0, 0.3, 0.9]), 2)  # of three pairs two hold the 0.9
    0.7
    """
    n = len(scores)
    # Of all draws, those whose highest is the i-th smallest take the others from the i below it.
    shares = np.array([comb(below, n_tries - 1) / comb(n, n_tries) for below in range(n)])
    return round(float(shares @ np.sort(scores)), 12)


def _describe_each(rows: pd.DataFrame, column: str) -> dict[str, dict[str, Any]]:
    readable = hyperparameter(column).readable
    groups = {readable(value): part[SCORE].to_numpy(float) for value, part in rows.groupby(column)}
    n_tries = min([MAX_TRIES, *map(len, groups.values())])
    return {
        value: {
            "n": len(scores),
            "best": round(float(scores.max()), DIGITS),
            "expected_best": round(expected_best(scores, n_tries), DIGITS),
            "n_tries": n_tries,
        }
        for value, scores in groups.items()
    }


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
