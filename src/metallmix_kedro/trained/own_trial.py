"""The cross-validated scores as a trial of the history, under the target's name."""

import pandas as pd

from metallmix_kedro.grid import environment, failed_record, finished_record, trial_id
from metallmix_kedro.history import collect_history
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
    known = done.recommendation.target.meta_features
    trained = done.trained
    records = [
        finished_record(
            _identity(done, trained.configuration, done.weights_id),
            known,
            trained.configuration,
            _protocol(done, done.weights_id),
            [fold.outcome for fold in trained.folds],
            trained.feature_time_s,
        )
    ]
    for one in done.passed_over:
        if one.diverged:
            configuration = one.candidate.configuration
            identity = _identity(done, configuration, configuration.backbone)
            records.append(
                failed_record(
                    identity, known, configuration, _protocol(done, None), ValueError(one.why)
                )
            )
    return records


def _identity(done: TrainedTarget, configuration: Configuration, weights: str) -> dict[str, str]:
    named = {**_measured(done), "weights_id": weights}
    target = done.target
    return {
        "trial_id": trial_id(target.name, target.data_hash, configuration, named),
        "dataset": target.name,
        "proposer": PROPOSER,
        "data_hash": target.data_hash,
    }


def _measured(done: TrainedTarget) -> dict[str, object]:
    plan = done.plan
    n_folds = len(plan.splits)
    return {
        "image_size": plan.image_size,
        "subset_size": len(plan.images),
        "test_size": sum(len(split.test) for split in plan.splits),
        "level": "all",
        "n_train": round(sum(len(split.train) for split in plan.splits) / n_folds),
        "n_validation": round(sum(len(split.validation) for split in plan.splits) / n_folds),
        "n_folds": n_folds,
        "max_epochs": plan.schedule.max_epochs,
        "patience": plan.schedule.patience,
        "freeze_batch_norm": plan.schedule.freeze_batch_norm,
        "seed": plan.schedule.seed,
    }


def _protocol(done: TrainedTarget, weights_id: str | None) -> dict[str, object]:
    return {
        **_measured(done),
        "weights_id": weights_id,
        "trained_together": 1,
        **environment(),
    }
