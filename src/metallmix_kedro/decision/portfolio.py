"""The short list: a few configurations that are good as a set (paper, section 2.4).

The paper lets the LLM choose freely in the whole grid; here it chooses in a closed list that is
already good, because a small LLM's free choice is an accident of what it read last. A list of the
five highest predictions is one configuration five times. What counts for somebody who tries
several is the best of those tried, so the list is a portfolio as in auto-sklearn 2 (Feurer et al.,
"Auto-Sklearn 2.0: Hands-free AutoML via Meta-Learning", JMLR 2022), made for the target: each next
configuration is the one that adds most to the expected best.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns

FloatArray = npt.NDArray[np.floating]

SURROGATE_BEST = "surrogate_best"
HIGHEST_AVERAGE = "highest_average"
MOST_PROMISING = "most_promising"
DIFFERENT = "different"
BEST_ON_AVERAGE = "best_on_average"


def short_list(
    predictions: pd.DataFrame,
    scenarios: FloatArray,
    n_candidates: int,
    best_on_average: Mapping[Any, Any] | None = None,
    floor: FloatArray | None = None,
    first_role: str = SURROGATE_BEST,
) -> pd.DataFrame:
    """Choose a few configurations out of those scored, in the order to try them.

    The first has the highest predicted relative score. Each next one adds most to the best score
    of the list, on average over the scenarios. Where trials were run already, the first, too, is
    the one that adds most: to the best of them. The best on average takes the last place unless it
    was chosen before, because it is the baseline that is hardest to beat.

    Ties are broken by the higher prediction, then the shorter predicted training time, then the
    order of the rows.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Shape (n_configurations, >= 9): `configuration_columns`, ``relative_score`` and
        ``training_time_s`` (seconds); no configuration twice, at least one row.
    scenarios : ndarray
        Relative scores, shape (n_scenarios, n_configurations), see ``Surrogate.scenarios``.
    n_candidates : int
        Length of the list, at least 2.
    best_on_average : mapping, optional
        Its `configuration_columns`; left out if it is not among the rows. A value that is missing
        equals one that is missing.
    floor : ndarray, optional
        The best relative score of the trials run already, in each scenario, shape (n_scenarios,).
    first_role : str
        Why the first is listed: ``surrogate_best``; ``highest_average`` where the scores are
        averages over datasets; ``most_promising`` after trials.

    Returns
    -------
    pandas.DataFrame
        Rows of `predictions`, at most `n_candidates`, with the columns ``roles``, tuples of
        `first_role`, ``different`` and ``best_on_average``, and ``adds``: what the configuration
        adds to the expected best relative score of those before it, at least 0 (for the first
        without a floor, its own). ``gain_chance``: how likely it or one before it scores above
        the floor, missing without one.
    """
    ranked = by_prediction(predictions.assign(_row=np.arange(len(predictions))))
    scores = scenarios[:, ranked["_row"].to_numpy()]
    ranked = ranked.drop(columns="_row")
    average = None if best_on_average is None else position_of(ranked, best_on_average)
    wanted = min(n_candidates, len(ranked))
    picked = _greedy(scores, wanted, floor)
    if average is not None and average not in picked and wanted > 1:
        picked[-1] = average
    listed = ranked.iloc[picked]
    roles = [
        _roles(first_role if place == picked[0] else None, place == average) for place in picked
    ]
    return listed.assign(
        roles=pd.Series(roles, index=listed.index, dtype=object),
        adds=_added(scores, picked, floor),
        gain_chance=_gain_chances(scores, picked, floor),
    )


def by_prediction(predictions: pd.DataFrame) -> pd.DataFrame:
    """Order by the predicted relative score, highest first; equals by the shorter time."""
    return predictions.sort_values(
        ["relative_score", "training_time_s"], ascending=[False, True], kind="stable"
    )


def _greedy(scores: FloatArray, count: int, floor: FloatArray | None) -> list[int]:
    picked = [0] if floor is None else []
    best = scores[:, 0] if floor is None else floor
    while len(picked) < count:
        expected = np.maximum(scores, best[:, None]).mean(axis=0, dtype=np.float64)
        # Rounding is no reason to prefer one of two equals: the better predicted comes first.
        expected = np.round(expected, 6)
        expected[picked] = -np.inf
        picked.append(int(expected.argmax()))
        best = np.maximum(best, scores[:, picked[-1]])
    return picked


def _added(scores: FloatArray, picked: list[int], floor: FloatArray | None) -> FloatArray:
    start = np.full(len(scores), -np.inf) if floor is None else floor.astype(np.float64)
    tried = np.column_stack([start, scores[:, picked].astype(np.float64)])
    best = np.maximum.accumulate(tried, axis=1).mean(axis=0)
    return np.diff(best, prepend=0.0)[1:] if floor is not None else np.diff(best[1:], prepend=0.0)


def _gain_chances(
    scores: FloatArray, picked: list[int], floor: FloatArray | None
) -> FloatArray | None:
    """Return how likely the best of the list so far beats the trials run already."""
    if floor is None:
        return None
    best = np.maximum.accumulate(scores[:, picked], axis=1)
    return np.asarray((best > floor[:, None]).mean(axis=0), dtype=np.float64)


def position_of(ranked: pd.DataFrame, configuration: Mapping[Any, Any]) -> int | None:
    """Return the row that holds a configuration."""
    same = np.ones(len(ranked), dtype=bool)
    for name in configuration_columns():
        value = configuration[name]
        same &= (ranked[name].isna() if pd.isna(value) else ranked[name] == value).to_numpy()
    return int(same.argmax()) if same.any() else None


def _roles(own: str | None, is_average: bool) -> tuple[str, ...]:
    roles = [role for role in (own, BEST_ON_AVERAGE if is_average else None) if role]
    return tuple(roles) or (DIFFERENT,)
