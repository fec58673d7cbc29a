"""The short list: the surrogate's best, good but different ones, and the best on average.

The paper lets the LLM choose freely in the whole grid; here it chooses in a closed list that is
already good, because a small LLM's free choice is an accident of what it read last.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.search_space import CONFIGURATION_COLUMNS

Codes = npt.NDArray[np.int64]
"""Shape (n_configurations, 7): equal numbers in a column stand for equal values."""
Mask = npt.NDArray[np.bool_]
"""Shape (n_configurations,)."""

NETWORK = [CONFIGURATION_COLUMNS.index(name) for name in ("backbone", "strategy")]

SURROGATE_BEST = "surrogate_best"
DIFFERENT = "different"
BEST_ON_AVERAGE = "best_on_average"


def short_list(
    predictions: pd.DataFrame,
    n_candidates: int,
    min_difference: int,
    best_on_average: Mapping[Any, Any] | None = None,
) -> pd.DataFrame:
    """Choose a few good and different configurations out of those scored.

    The first is the one with the highest predicted relative score. The best on average joins it
    wherever it ranks, because it is the baseline that is hardest to beat. The others are taken
    greedily: the highest predicted among those that differ from every one already taken in
    backbone or strategy, and in at least `min_difference` hyperparameters. Where the space has
    not so many, backbone and strategy may repeat; where even these run out, the list is shorter.

    Ties are broken by the shorter predicted training time, then by the order of the rows.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Shape (n_configurations, ≥ 9): `CONFIGURATION_COLUMNS`, ``relative_score`` and
        ``training_time_s`` (seconds); no configuration twice, at least one row.
    n_candidates : int
        Length of the list, at least 2.
    min_difference : int
        Hyperparameters in which two candidates differ at least, in [1, 7].
    best_on_average : mapping, optional
        Its `CONFIGURATION_COLUMNS`; left out if it is not among the rows. A value that is missing
        equals one that is missing.

    Returns
    -------
    pandas.DataFrame
        Rows of `predictions`, at most `n_candidates`, best predicted first, with a column
        ``roles`` of tuples: ``surrogate_best``, ``different``, ``best_on_average``.
    """
    ranked = predictions.sort_values(
        ["relative_score", "training_time_s"], ascending=[False, True], kind="stable"
    )
    average = None if best_on_average is None else _position(ranked, best_on_average)
    picked = [0] if not average else [0, average]
    codes = np.column_stack([pd.factorize(ranked[name])[0] for name in CONFIGURATION_COLUMNS])
    for other_network in (True, False):
        _pick_different(codes, picked, n_candidates, min_difference, other_network)
    picked.sort()
    listed = ranked.iloc[picked]
    roles = [_roles(place, average) for place in picked]
    return listed.assign(roles=pd.Series(roles, index=listed.index, dtype=object))


def _position(ranked: pd.DataFrame, configuration: Mapping[Any, Any]) -> int | None:
    """Return the row that holds a configuration."""
    same = np.ones(len(ranked), dtype=bool)
    for name in CONFIGURATION_COLUMNS:
        value = configuration[name]
        same &= (ranked[name].isna() if pd.isna(value) else ranked[name] == value).to_numpy()
    return int(same.argmax()) if same.any() else None


def _pick_different(
    codes: Codes, picked: list[int], n_candidates: int, min_difference: int, other_network: bool
) -> None:
    """Extend `picked` by the first rows that differ enough from all rows picked before."""

    def differs_from(place: int) -> Mask:
        differences = codes != codes[place]
        enough: Mask = differences.sum(axis=1) >= min_difference
        return enough & differences[:, NETWORK].any(axis=1) if other_network else enough

    allowed = np.logical_and.reduce([differs_from(place) for place in picked])
    while len(picked) < n_candidates and allowed.any():
        picked.append(int(allowed.argmax()))
        allowed &= differs_from(picked[-1])


def _roles(place: int, average: int | None) -> tuple[str, ...]:
    roles = [SURROGATE_BEST] if place == 0 else []
    if place == average:
        roles.append(BEST_ON_AVERAGE)
    return tuple(roles) or (DIFFERENT,)
