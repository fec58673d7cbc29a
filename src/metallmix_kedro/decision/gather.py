"""Gather the evidence: similar trials, attributions and warnings (paper, section 2.3)."""

from collections.abc import Sequence
from typing import Any

import faiss
import pandas as pd

from metallmix_kedro.attribution.values import readable_value
from metallmix_kedro.decision import prospects
from metallmix_kedro.decision.parameters import RecommendationParameters
from metallmix_kedro.decision.scoring import DECIMALS, AllowedSpace
from metallmix_kedro.decision.target_warnings import (
    known_budget,
    warn_about_backbones,
    warn_about_budget,
    warn_about_target,
)
from metallmix_kedro.explanation.evidence import (
    Attribution,
    OwnTrial,
    OwnTrials,
    RetrievedTrial,
    TopFeature,
)
from metallmix_kedro.history.columns import SCORE
from metallmix_kedro.history.objective import Objective
from metallmix_kedro.meta_features.target import TargetDescription
from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.novelty import Novelty, measure_novelty
from metallmix_kedro.retrieval.similar_trial import SimilarTrial
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS, Configuration, SearchSpace

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
        str(trial_id): tuple(_top_feature(row) for row in rows.to_dict("records"))
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


def _top_feature(row: dict[Any, Any]) -> TopFeature:
    return TopFeature(
        feature=str(row["feature"]),
        value=str(row["value"]),
        contribution=round(float(row["contribution"]), DECIMALS),
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
    rows = (
        Attribution(
            feature=str(row["feature"]),
            value=str(row["value"]),
            mean_contribution=round(float(row["mean_contribution"]), DECIMALS),
            n_trials=int(row["n_trials"]),
        )
        for row in by_value.to_dict("records")
    )
    eligible = [row for row in rows if _can_be_chosen(row.feature, row.value, space)]
    eligible.sort(key=lambda row: (-abs(row.mean_contribution), row.feature, row.value))
    return tuple(eligible[:count])


def _can_be_chosen(feature: str, value: str, space: SearchSpace) -> bool:
    if feature not in CONFIGURATION_COLUMNS:
        return False
    return any(value == readable_value(feature, choice) for choice in getattr(space, feature))


def own_trials(history: pd.DataFrame, dataset: str) -> OwnTrials | None:
    """Sum up the trials of the history on the target itself; None if there are none.

    Parameters
    ----------
    history : pandas.DataFrame
        Rows of `history.schema.HistorySchema` with their ``score``.
    dataset : str
        The target's name.
    """
    rows = prospects.own_trials(history, dataset)
    if rows.empty:
        return None
    best: list[dict[Any, Any]] = rows.head(MOST_OWN_TRIALS).to_dict("records")
    return OwnTrials(
        n_trials=len(rows),
        best=tuple(
            OwnTrial(
                configuration=Configuration.from_mapping(row),
                score=round(float(row[SCORE]), DECIMALS),
            )
            for row in best
        ),
    )


def is_outside(target: TargetDescription, index: faiss.Index, card: dict[str, Any]) -> bool:
    """Say whether the target is unlike any dataset of the history that is not its own."""
    return _novelty(target, index, IndexCard.read(card, index)).is_unlike_all


def _novelty(target: TargetDescription, index: faiss.Index, card: IndexCard) -> Novelty:
    return measure_novelty(index, card, target.meta_features, exclude_dataset=target.name)


def gather_warnings(
    target: TargetDescription,
    history: pd.DataFrame,
    allowed: AllowedSpace,
    index: faiss.Index,
    card: dict[str, Any],
    parameters: RecommendationParameters,
    objective: Objective = "accuracy",
) -> tuple[str, ...]:
    """Say what to beware of: in the target's images, its place in the history, the backbones."""
    read = IndexCard.read(card, index)
    novelty = _novelty(target, index, read)
    known = [entry for entry in read.entries if entry.dataset != target.name]
    return (
        *target.warnings,
        *warn_about_target(target.meta_features, known, novelty, parameters, objective),
        *warn_about_budget(target.meta_features, known_budget(history), objective),
        *warn_about_backbones(allowed.unmeasured),
    )
