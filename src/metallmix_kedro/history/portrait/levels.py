"""What the number of training images changes: learning curves, rankings, noise, importance.

A configuration that is good on a hundred images need not be good on two thousand: whether it is,
dataset by dataset, says how far cheap trials tell of dear ones.
"""

from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns, titled
from metallmix_kedro.history.columns import SCORE
from metallmix_kedro.history.comparable import comparable_trials
from metallmix_kedro.history.noise import noise_by_level
from metallmix_kedro.history.portrait.importance import measure_importance
from metallmix_kedro.history.portrait.similarity import (
    as_json,
    compare_rankings,
    rank_correlations,
)
from metallmix_kedro.history.portrait.winners import find_winners

ALL = "all"
"""The level at which everything there is trains."""

DIGITS = 4
"""Digits after the point of stored figures."""


def compare_levels(history: pd.DataFrame) -> dict[str, Any]:
    """Compare what was measured with few images and with all.

    Parameters
    ----------
    history : pandas.DataFrame
        All trials, columns `history_columns`.

    Returns
    -------
    dict
        JSON values; empty without levels, or without strategies.

        - ``curves``: by dataset, strategy and level: ``n_train``, images that trained, mean over
          its ``n`` trials; ``best_on_average``, what the configuration scores that is best on
          average over the other datasets at that level;
        - ``overtaken``: by dataset, the first level at which another strategy than the one that
          leads at the smallest level leads, and which; null where none does;
        - ``spearman``: by dataset and level, the rank correlation of configurations with those at
          all images;
        - ``similarity``: by level, the mean rank correlation between datasets;
        - ``importance``: by level, as `measure_importance` has it;
        - ``noise``: rows of `noise_by_level`.
    """
    if "level" not in history or "strategy" not in titled():
        return {}
    known = history[history["level"].notna() & (history["source"] == "measured")]
    by_level = {
        str(level): comparable_trials(known[known["level"] == level])
        for level in sorted(known["level"].unique(), key=_size)
    }
    if not by_level:
        return {}
    curves = _curves(by_level)
    return {
        "curves": curves,
        "overtaken": {dataset: _overtaken(found) for dataset, found in curves.items()},
        "spearman": _agreement(by_level),
        "similarity": {level: _mean_similarity(trials) for level, trials in by_level.items()},
        "importance": {level: measure_importance(trials) for level, trials in by_level.items()},
        "noise": [
            {name: None if pd.isna(value) else value for name, value in row.items()}
            for row in noise_by_level(pd.concat(by_level.values())).round(6).to_dict("records")
        ],
    }


def _size(level: Any) -> float:
    return float("inf") if level == ALL else float(level)


def _curves(by_level: dict[str, pd.DataFrame]) -> dict[str, Any]:
    curves: dict[str, Any] = {}
    for level, trials in by_level.items():
        images = trials.groupby(["group", "strategy"], observed=True)["n_train"].mean()
        for group, found in find_winners(trials).items():
            for strategy, told in found["by_strategy"].items():
                point = {name: told[name] for name in ("n", "best_on_average")}
                point["n_train"] = round(float(images[group, strategy]), 1)
                curves.setdefault(group, {}).setdefault(strategy, {})[level] = point
    return dict(sorted(curves.items()))


def _overtaken(found: dict[str, Any]) -> dict[str, Any] | None:
    leaders: list[tuple[str, str]] = []
    for level in sorted({level for curve in found.values() for level in curve}, key=_size):
        there = {
            name: curve[level]["best_on_average"]
            for name, curve in found.items()
            if level in curve and curve[level]["best_on_average"] is not None
        }
        if len(there) > 1:
            best = max(there, key=lambda name: there[name])
            leaders.append((level, best))
    for level, leader in leaders[1:]:
        if leader != leaders[0][1]:
            n_train = found[leader][level]["n_train"]
            return {"level": level, "n_train": n_train, "by": leader, "led": leaders[0][1]}
    return None


def _agreement(by_level: dict[str, pd.DataFrame]) -> dict[str, dict[str, float | None]]:
    """Correlate each dataset's scores at a level with those at all images."""
    keys = [*configuration_columns(), "group"]
    scores = pd.concat(
        {
            level: trials.groupby(keys, dropna=False, observed=True)[SCORE].mean()
            for level, trials in by_level.items()
        },
        axis=1,
    )
    found = {}
    for group, rows in scores.groupby("group"):
        known = rows.dropna(axis=1, how="all")
        if ALL in known and known.shape[1] > 1:
            with_all = rank_correlations(known)[[ALL]].drop(index=ALL)
            found[str(group)] = as_json(with_all)[ALL]
    return found


def _mean_similarity(trials: pd.DataFrame) -> float | None:
    table = pd.DataFrame(compare_rankings(trials)["spearman"], dtype=float).to_numpy()
    mean = pd.Series(table[np.triu_indices(len(table), k=1)], dtype=float).mean()
    return None if pd.isna(mean) else round(float(mean), DIGITS)
