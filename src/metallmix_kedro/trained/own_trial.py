"""The cross-validated scores as a trial of the history, under the target's name."""

import pandas as pd

from metallmix_kedro.grid import (
    environment,
    failed_record,
    finished_record,
    protocol_of,
    trial_id,
)
from metallmix_kedro.history import collect_history
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.trained.candidates import TrainedTarget
from metallmix_kedro.trained.within_budget.trials import PROPOSER, Record


def add_own_trial(
    done: TrainedTarget, history: pd.DataFrame, published: pd.DataFrame
) -> pd.DataFrame | None:
    """Join what was measured to the history, as a trial that `experiment_grid` measures joins it.

    So do all trials of a search within a budget, with as many training images as they had.
    Candidates that diverged join as failed trials.

    Parameters
    ----------
    done : TrainedTarget
    history : pandas.DataFrame
        The history so far.
    published : pandas.DataFrame
        The paper's outcomes, see `collect_history`.

    Returns
    -------
    pandas.DataFrame or None
        The longer history; None if there is nothing to add: images that told the network that is
        kept when to stop are no test.
    """
    records = [*done.search.records] if done.search else []
    if done.trained.folds:
        records += _cross_validated(done)
    return collect_history(history, records, published) if records else None


def _cross_validated(done: TrainedTarget) -> list[Record]:
    trained = done.trained
    folds = [fold.outcome for fold in trained.folds]
    described = _described(done, trained.configuration, done.weights_id, done.weights_id)
    records = [finished_record(*described, folds, trained.feature_time_s)]
    for one in done.passed_over:
        if one.diverged:
            configuration = one.candidate.configuration
            described = _described(done, configuration, configuration.backbone, None)
            records.append(failed_record(*described, ValueError(one.why)))
    return records


def _described(
    done: TrainedTarget, configuration: Configuration, named_weights: str, weights_id: str | None
) -> tuple[Record, MetaFeatures, Configuration, Record]:
    plan, target = done.plan, done.target
    splits = plan.splits[: len(done.trained.folds)]
    protocol = protocol_of(splits, len(plan.images), plan.image_size, "all", plan.schedule)
    named = {**protocol, "weights_id": named_weights}
    identity = {
        "trial_id": trial_id(target.name, target.data_hash, configuration, named),
        "dataset": target.name,
        "proposer": PROPOSER,
        "data_hash": target.data_hash,
    }
    protocol |= {"weights_id": weights_id, "trained_together": 1, **environment()}
    return identity, done.recommendation.target.meta_features, configuration, protocol
