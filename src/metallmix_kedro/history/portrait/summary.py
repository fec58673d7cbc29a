"""A history in figures: what was measured, what won, what mattered (paper, section 2.1)."""

from typing import Any

import pandas as pd

from metallmix_kedro.history.comparable import comparable_trials
from metallmix_kedro.history.portrait.importance import measure_importance
from metallmix_kedro.history.portrait.levels import compare_levels
from metallmix_kedro.history.portrait.similarity import compare_rankings
from metallmix_kedro.history.portrait.winners import find_winners


def summarise_history(history: pd.DataFrame) -> dict[str, Any]:
    """Say what a history holds and what it shows.

    Parameters
    ----------
    history : pandas.DataFrame
        All trials, columns `history_columns`.

    Returns
    -------
    dict
        JSON values; the same history gives the same, whatever the order of its rows.

        - ``counts``: trials in all, by source, proposer and dataset, finished and failed;
        - ``time``: seconds of training, see `training_seconds`;
        - ``compared``: how many trials the rest looks at (`history.comparable`);
        - ``winners``: see `history.portrait.winners.find_winners`;
        - ``importance``: of ``all`` compared trials, see
          `history.portrait.importance.measure_importance`;
        - ``similarity``: see `history.portrait.similarity.compare_rankings`;
        - ``levels``: see `history.portrait.levels.compare_levels`.
    """
    history = history.sort_values("trial_id", ignore_index=True)
    trials = comparable_trials(history)
    return {
        "counts": count_trials(history),
        "time": training_seconds(history[history["source"] == "measured"]),
        "compared": {"n_trials": len(trials), "n_datasets": int(trials["group"].nunique())},
        "winners": find_winners(trials),
        "importance": {"all": measure_importance(trials)},
        "similarity": compare_rankings(trials),
        "levels": compare_levels(history),
    }


def count_trials(history: pd.DataFrame) -> dict[str, Any]:
    """Count trials, finished and failed.

    Parameters
    ----------
    history : pandas.DataFrame
        Trials with the columns of the history.

    Returns
    -------
    dict
        ``trials``, ``finished``, ``failed``, ``datasets``; ``by_source``, ``by_proposer`` and
        ``by_dataset``.
    """
    finished = history["status"] == "finished"
    return {
        "trials": len(history),
        "finished": int(finished.sum()),
        "failed": int((~finished).sum()),
        "datasets": int(history["dataset"].nunique()),
        **{f"by_{name}": _counted(history, name) for name in ("source", "proposer", "dataset")},
    }


def training_seconds(measured: pd.DataFrame) -> dict[str, float]:
    """Add up what measuring took.

    Parameters
    ----------
    measured : pandas.DataFrame
        Measured trials with the columns of the history.

    Returns
    -------
    dict
        Seconds: ``training_time_s``, the sum over trials of what each costs somebody who trains
        it from nothing; ``spent_s``, the fitting plus every set of frozen features once, since
        trials that share it did not compute it again.
    """
    # Trials on the same features have their time to the microsecond, and others do not.
    features = measured.drop_duplicates(["dataset", "feature_time_s"])["feature_time_s"].sum()
    return {
        "training_time_s": round(float(measured["training_time_s"].sum()), 3),
        "spent_s": round(float(measured["fit_time_s"].sum() + features), 3),
    }


def _counted(history: pd.DataFrame, column: str) -> dict[str, dict[str, int]]:
    counts = pd.crosstab(history[column], history["status"])
    found: dict[Any, Any] = counts.reindex(columns=["finished", "failed"], fill_value=0).to_dict(
        "index"
    )
    return found
