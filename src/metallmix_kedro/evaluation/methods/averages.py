"""The best on average over other datasets: by relative score, and by rank."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.history import (
    History,
    configuration_means,
    origin,
    shared_enough,
    with_all_images,
)

Means = Callable[[History, Settings], pd.DataFrame]


def mean_scores(training: History, _settings: Settings) -> pd.DataFrame:
    """Average the relative scores of each configuration (`configuration_means`)."""
    return training.means


def mean_ranks(training: History, _settings: Settings) -> pd.DataFrame:
    """Average the ranks of each configuration, as `mean_scores` averages relative scores."""
    trials = with_all_images(training.relative)
    return configuration_means(trials.assign(relative_score=relative_ranks(trials)))


def relative_ranks(trials: pd.DataFrame) -> pd.Series:
    """Rank trials within their dataset and origin.

    Parameters
    ----------
    trials : pandas.DataFrame
        Trials with ``relative_score``, n rows.

    Returns
    -------
    pandas.Series of float
        Length n, on their index: 0 for the worst trial, 1 for the best; equals share the mean of
        their ranks, a trial alone has 0.5. Missing without a score.
    """
    groups = trials["relative_score"].groupby([trials["dataset"], origin(trials)])
    span = (groups.transform("count") - 1).astype(float)
    ranks = (groups.rank() - 1) / span.where(span > 0)
    return ranks.where((span > 0) | trials["relative_score"].isna(), 0.5)


def known_averages(task: Task, means: Means = mean_scores) -> pd.DataFrame:
    """Return the candidates that other datasets recorded widely, best first, on their index.

    Parameters
    ----------
    task : Task
        What is chosen for.
    means : callable
        `mean_scores` or `mean_ranks`.
    """
    shared = task.knowledge.learn(means).merge(task.configurations, on=[*configuration_columns()])
    n_datasets = int(task.training.comparable["dataset"].nunique())
    return shared_enough(shared, n_datasets).set_index("position")


def by_average(
    task: Task, _rng: np.random.Generator, n_picks: int, means: Means = mean_scores
) -> list[int]:
    """Take the highest mean relative scores over the other datasets, or mean ranks within them."""
    return known_averages(task, means).index[:n_picks].tolist()
