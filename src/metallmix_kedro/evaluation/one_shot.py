"""Methods that choose without running a trial on the dataset."""

import numpy as np
import pandas as pd

from metallmix_kedro.evaluation.task import Task
from metallmix_kedro.history.averages import (
    comparable_configurations,
    configuration_means,
    shared_enough,
)
from metallmix_kedro.meta_features import META_FEATURE_COLUMNS
from metallmix_kedro.recommendation.candidates import short_list
from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.index import build_index, distances, retrievable_trials
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS

KEYS = list(CONFIGURATION_COLUMNS)


def by_surrogate(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:  # noqa: ARG001
    """Take the highest predicted relative scores; equals by the shorter predicted time."""
    ranked = task.predicted().sort_values(
        ["relative_score", "training_time_s"], ascending=[False, True], kind="stable"
    )
    return ranked.index[:n_picks].tolist()


def by_short_list(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:  # noqa: ARG001
    """Take the short list that a recommendation would offer of these candidates."""
    averages = _best_averages(task)[KEYS].to_dict("records")
    # Of a history that varies its backbones alone, no two trials differ in more than that.
    n_varied = int((task.candidates[KEYS].nunique(dropna=False) > 1).sum())
    listed = short_list(
        task.predicted(),
        max(n_picks, 2),
        min(task.settings.recommendation.min_difference, max(n_varied, 1)),
        best_on_average=averages[0] if averages else None,
    )
    return listed.index[:n_picks].tolist()


def by_average(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:  # noqa: ARG001
    """Take the highest mean relative scores over the other datasets."""
    return _best_averages(task).index[:n_picks].tolist()


def by_nearest_neighbour(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:  # noqa: ARG001
    """Take the best configurations of the most similar dataset that were recorded here too."""
    elsewhere = retrievable_trials(task.training).sort_values(
        ["relative_score", "trial_id"], ascending=[False, True], kind="stable"
    )
    if elsewhere.empty:
        return []
    for name in _by_similarity(task):
        theirs = elsewhere.loc[elsewhere["dataset"] == name, KEYS].drop_duplicates()
        shared = theirs.merge(_positions(task), on=KEYS)
        if not shared.empty:
            return shared["position"].tolist()[:n_picks]
    return []


def at_random(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:
    """Take different candidates at random, all equally likely."""
    return [int(position) for position in rng.permutation(len(task.candidates))[:n_picks]]


def _positions(task: Task) -> pd.DataFrame:
    return task.candidates[KEYS].assign(position=task.candidates.index)


def _best_averages(task: Task) -> pd.DataFrame:
    """Return the candidates that other datasets recorded widely, best first, on their index."""
    means = configuration_means(task.training).merge(_positions(task), on=KEYS)
    n_datasets = int(comparable_configurations(task.training)["dataset"].nunique())
    return shared_enough(means, n_datasets).set_index("position")


def _by_similarity(task: Task) -> list[str]:
    """Return the other datasets, the nearest by meta-features first; none if some are unknown."""
    if task.candidates[list(META_FEATURE_COLUMNS)].isna().any(axis=None):
        return []
    index, card = build_index(task.training, task.settings.retrieval)
    read = IndexCard.read(card, index)
    distance = distances(index, read, task.target)
    order = np.argsort(distance, kind="stable")
    return list(dict.fromkeys(read.entries[position].dataset for position in order))
