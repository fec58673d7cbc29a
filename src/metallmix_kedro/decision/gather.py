"""Gather the evidence: similar trials, attributions and warnings (paper, section 2.3)."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from metallmix_kedro.attribution import readable_value
from metallmix_kedro.decision.parameters import DecisionParameters
from metallmix_kedro.decision.scoring import DECIMALS, AllowedSpace
from metallmix_kedro.decision.target import Learned, Target
from metallmix_kedro.decision.target_warnings import known_budget, warn_about_target
from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.explanation import (
    Attribution,
    Candidate,
    Evidence,
    OwnTrial,
    OwnTrials,
    RetrievedTrial,
    TopFeature,
    evidence,
)
from metallmix_kedro.history import SCORE
from metallmix_kedro.retrieval import SimilarTrial
from metallmix_kedro.search_space import Configuration, SearchSpace

MOST_OWN_TRIALS = 10
"""Trials on the target that are shown, the best of them."""


def number_trials(
    similar: Sequence[SimilarTrial], trial_top_features: pd.DataFrame
) -> tuple[RetrievedTrial, ...]:
    """Give the retrieved trials their references, and each its strongest SHAP features.

    Parameters
    ----------
    similar : sequence of SimilarTrial
        Most similar first. Those whose training time is unknown are left out: what a trial
        cost is half of what it has to tell.
    trial_top_features : pandas.DataFrame
        Columns ``trial_id``, ``rank``, ``feature``, ``value``, ``contribution``. A trial that is
        newer than this table has no features.
    """
    wanted = trial_top_features[
        trial_top_features["trial_id"].isin([trial.trial_id for trial in similar])
    ].sort_values(["trial_id", "rank"])
    features = {
        str(trial_id): tuple(
            TopFeature(
                feature=str(row["feature"]),
                value=str(row["value"]),
                contribution=round(float(row["contribution"]), DECIMALS),
            )
            for row in rows.to_dict("records")
        )
        for trial_id, rows in wanted.groupby("trial_id")
    }
    timed = [
        (trial, trial.training_time_s) for trial in similar if trial.training_time_s is not None
    ]
    return tuple(
        RetrievedTrial(
            ref=f"T{number}",
            trial_id=trial.trial_id,
            dataset=trial.dataset,
            distance=round(trial.distance, DECIMALS),
            meta_features=trial.meta_features,
            configuration=trial.configuration,
            metrics={name: round(value, DECIMALS) for name, value in trial.metrics.items()},
            training_time_s=round(seconds, DECIMALS),
            top_features=features.get(trial.trial_id, ()),
        )
        for number, (trial, seconds) in enumerate(timed, start=1)
    )


def strongest_attributions(
    by_value: pd.DataFrame, space: SearchSpace, count: int
) -> tuple[Attribution, ...]:
    """Pick the hyperparameter values that add or cost most, among those one may choose.

    Parameters
    ----------
    by_value : pandas.DataFrame
        Columns ``feature``, ``value`` (text), ``mean_contribution``, ``n_trials``.
    space : SearchSpace
        Values outside it are left out: they cannot be chosen.
    count : int
        How many at most.

    Returns
    -------
    tuple of Attribution
        Strongest first by absolute value; ties by feature and value.
    """
    choosable = {
        (name, readable_value(name, value))
        for name in configuration_columns()
        for value in space.values(name)
    }
    rows = [
        Attribution(
            feature=str(row["feature"]),
            value=str(row["value"]),
            mean_contribution=round(float(row["mean_contribution"]), DECIMALS),
            n_trials=int(row["n_trials"]),
        )
        for row in by_value.to_dict("records")
        if (row["feature"], row["value"]) in choosable
    ]
    rows.sort(key=lambda row: (-abs(row.mean_contribution), row.feature, row.value))
    return tuple(rows[:count])


def gather_evidence(
    target: Target,
    learned: Learned,
    allowed: AllowedSpace,
    trials: tuple[RetrievedTrial, ...],
    candidates: tuple[Candidate, ...],
    by_value: pd.DataFrame,
    parameters: DecisionParameters,
) -> Evidence:
    """Put together all that the language model is shown.

    Parameters
    ----------
    target : Target
    learned : Learned
    allowed : AllowedSpace
    trials : tuple of RetrievedTrial
        From `number_trials`.
    candidates : tuple of Candidate
        From `prospects.list_candidates`.
    by_value : pandas.DataFrame
        As for `strongest_attributions`.
    parameters : DecisionParameters
    """
    return Evidence(
        objective=learned.objective,
        budget=known_budget(learned.history.table, target.n_train),
        target=evidence.Target(name=target.name, meta_features=target.meta_features),
        trials=trials,
        attributions=strongest_attributions(by_value, allowed.space, parameters.n_attributions),
        candidates=candidates,
        outside=target.outside,
        own_trials=sum_up(target.own_trials),
        warnings=warn_about_target(target, learned, allowed, parameters),
    )


def sum_up(own_trials: pd.DataFrame) -> OwnTrials | None:
    """Sum up the trials on the target itself, from `target.own_trials`; None if there are none."""
    if own_trials.empty:
        return None
    best: list[dict[Any, Any]] = own_trials.head(MOST_OWN_TRIALS).to_dict("records")
    return OwnTrials(
        n_trials=len(own_trials),
        best=tuple(
            OwnTrial(
                configuration=Configuration.from_mapping(row),
                score=round(float(row[SCORE]), DECIMALS),
            )
            for row in best
        ),
    )
