"""Two plain ways to learn an order of configurations, beside the surrogate's.

Both see what the surrogate's plain features say, the dataset's meta-features and the
hyperparameters, and grow their trees as it does. One learns the raw score; the other learns
which of two trials of one dataset was better, by XGBoost's ranking objective (Burges, "From
RankNet to LambdaRank to LambdaMART", 2010).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.history import SCORE, History, has_score, range_keys
from metallmix_kedro.support import xgboost
from metallmix_kedro.surrogate import FeatureEncoder, grow, hide, trial_weights

Ranker = tuple[FeatureEncoder, xgboost.Booster]
"""Trees whose output orders configurations of one dataset, the higher the better; their input."""


def raw_accuracy_model(training: History, settings: Settings) -> Ranker:
    """Fit the score itself, every dataset weighing the same.

    Parameters
    ----------
    training : History
        What may be learned from.
    settings : Settings
        How the surrogate's score model is grown, its seed, and the weight of published trials.
    """
    trials = _learnable(training, settings)
    encoder = FeatureEncoder.fit(trials)
    matrix = xgboost.QuantileDMatrix(
        encoder.transform(trials),
        label=trials[SCORE].to_numpy(dtype=np.float64),
        weight=trial_weights(trials, settings.meta_learning.published_weight),
        nthread=1,
    )
    return encoder, _grown(matrix, settings)


def pairwise_model(training: History, settings: Settings) -> Ranker:
    """Fit the order of the trials within each dataset, every dataset weighing the same.

    Parameters
    ----------
    training : History
        What may be learned from.
    settings : Settings
        As for `raw_accuracy_model`; a dataset's published trials, a group of their own, weigh
        as a published trial does.
    """
    trials = _learnable(training, settings)
    groups = trials.groupby([trials["dataset"], *range_keys(trials)], sort=True).ngroup()
    trials = trials.loc[groups.sort_values(kind="stable").index]
    groups = groups.loc[trials.index]
    published = (trials["source"] == "published").groupby(groups).first()
    encoder = FeatureEncoder.fit(trials)
    matrix = xgboost.QuantileDMatrix(
        encoder.transform(trials),
        label=trials["relative_score"].to_numpy(dtype=np.float64),
        qid=groups.to_numpy(),
        weight=np.where(published, settings.meta_learning.published_weight, 1.0),
        nthread=1,
    )
    return encoder, _grown(matrix, settings, objective="rank:pairwise")


def by_ranker(
    task: Task, _rng: np.random.Generator, n_picks: int, fit: Callable[[History, Settings], Ranker]
) -> list[int]:
    """Take the highest predicted scores, or those that win against the others, by `fit`."""
    encoder, booster = task.knowledge.learn(fit)
    scores = np.asarray(booster.inplace_predict(encoder.transform(hide(task.candidates, "none"))))
    return [int(position) for position in np.argsort(-scores, kind="stable")[:n_picks]]


def _learnable(training: History, settings: Settings) -> pd.DataFrame:
    """Return the trials with a score and a weight, in an order that rows cannot be dealt in."""
    # Baselines know meta-features, not probes.
    known = hide(training.relative, "none")
    scored = known[has_score(known)].sort_values("trial_id", ignore_index=True)
    return scored[trial_weights(scored, settings.meta_learning.published_weight) > 0]


def _grown(matrix: xgboost.DMatrix, settings: Settings, **more: str) -> xgboost.Booster:
    learning = settings.meta_learning
    return grow(matrix, learning.score_model, learning.seed, **more)
