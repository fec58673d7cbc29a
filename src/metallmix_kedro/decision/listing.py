"""The short list: a few configurations in the order to try them (paper, section 2.4).

The paper lets the LLM choose freely in the whole grid; here it chooses in a closed list that is
already good, because a small LLM's free choice is an accident of what it read last. A list of the
five highest predictions is one configuration five times, so each has a title of its own: another
backbone, or another strategy.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns, titled

SURROGATE_BEST = "surrogate_best"
MOST_PROMISING = "most_promising"
DIFFERENT = "different"
BEST_ON_AVERAGE = "best_on_average"


def short_list(
    predictions: pd.DataFrame,
    n_candidates: int,
    best_on_average: Mapping[Any, Any] | None = None,
) -> pd.DataFrame:
    """Choose a few configurations out of those scored, in the order to try them.

    The best of each title, the best first; where there are fewer titles, the next best of all. The
    best on average takes the last place unless it was chosen before, because it is the baseline
    that is hardest to beat.

    Parameters
    ----------
    predictions : pandas.DataFrame
        n rows: `configuration_columns`, ``relative_score`` and ``training_time_s`` (seconds), and
        ``gain`` where trials were run already (`Outlook.expected_gain`), by which they are ranked
        then; no configuration twice, at least one row.
    n_candidates : int
        Length of the list, at least 1.
    best_on_average : mapping, optional
        Its `configuration_columns`; left out if it is not among the rows. A value that is missing
        equals one that is missing.

    Returns
    -------
    pandas.DataFrame
        Rows of `predictions`, at most `n_candidates`, with the column ``roles``, tuples of
        ``surrogate_best`` (``most_promising`` after trials), ``different`` and ``best_on_average``.
    """
    ranked = by_prediction(predictions)
    again = ranked.duplicated(list(titled())) if titled() else pd.Series(False, index=ranked.index)
    order = np.argsort(again.to_numpy(), kind="stable")
    average = None if best_on_average is None else position_of(ranked, best_on_average)
    picked = order[:n_candidates].tolist()
    if average is not None and average not in picked and n_candidates > 1:
        picked[-1] = average
    first = MOST_PROMISING if "gain" in ranked else SURROGATE_BEST
    roles = [
        _roles(first if number == 0 else None, place == average)
        for number, place in enumerate(picked)
    ]
    listed: pd.DataFrame = ranked.iloc[picked].copy()
    listed["roles"] = pd.Series(roles, index=listed.index, dtype=object)
    return listed


def by_prediction(predictions: pd.DataFrame) -> pd.DataFrame:
    """Order by what is expected, the best first: by ``gain`` where trials were run already.

    Equals are told apart by the predicted relative score, then by the shorter time.
    """
    keys = ["gain"] if "gain" in predictions else []
    ordered: pd.DataFrame = predictions.sort_values(
        [*keys, "relative_score", "training_time_s"],
        ascending=[*(False for _ in keys), False, True],
        kind="stable",
    )
    return ordered


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
