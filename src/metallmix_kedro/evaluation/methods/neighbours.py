"""What was best on the most similar datasets."""

from typing import Any

import faiss
import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns, meta_feature_columns
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.history import History, configuration_means, shared_enough
from metallmix_kedro.retrieval import IndexCard, build_index, distances, retrievable_trials

N_NEIGHBOURS = 3


def by_nearest_neighbour(task: Task, _rng: np.random.Generator, n_picks: int) -> list[int]:
    """Take the best configurations of the most similar dataset that were recorded here too."""
    nearest = _sharing(task, 1)
    best_first = nearest.sort_values(
        ["relative_score", "trial_id"], ascending=[False, True], kind="stable"
    )
    return best_first["position"].drop_duplicates().tolist()[:n_picks]


def by_three_neighbours(task: Task, _rng: np.random.Generator, n_picks: int) -> list[int]:
    """Take the highest mean relative scores over the three most similar datasets."""
    nearest = _sharing(task, N_NEIGHBOURS)
    if nearest.empty:
        return []
    means = shared_enough(configuration_means(nearest), int(nearest["dataset"].nunique()))
    best_first = means.merge(task.configurations, on=[*configuration_columns()])
    return best_first["position"].tolist()[:n_picks]


def similarity_index(
    training: History, settings: Settings
) -> tuple[faiss.Index, dict[str, Any]] | None:
    """Index the datasets by their meta-features; None if no trial of them can be shown."""
    if retrievable_trials(training.table).empty:
        return None
    return build_index(training.table, settings.retrieval)


def comparable_index(task: Task) -> tuple[faiss.Index, IndexCard] | None:
    """Return the index that the target can be compared with; None if something is unknown.

    Parameters
    ----------
    task : Task
        Its target needs all meta-features, its training trials that can be shown.
    """
    made = task.knowledge.learn(similarity_index)
    if made is None or task.candidates[list(meta_feature_columns())].isna().any(axis=None):
        return None
    index, card = made
    return index, IndexCard.read(card, index)


def _sharing(task: Task, n_datasets: int) -> pd.DataFrame:
    """Return the trials of the most similar datasets whose configuration was recorded here too.

    With their ``position``; a dataset that shares none is passed over.
    """
    elsewhere = retrievable_trials(task.training.relative).merge(
        task.configurations, on=[*configuration_columns()]
    )
    names = set(elsewhere["dataset"])
    taken = [name for name in _by_similarity(task) if name in names][:n_datasets]
    return elsewhere[elsewhere["dataset"].isin(taken)]


def _by_similarity(task: Task) -> list[str]:
    """Return the other datasets, the nearest by meta-features first; none if some are unknown."""
    made = comparable_index(task)
    if made is None:
        return []
    index, read = made
    order = np.argsort(distances(index, read, task.target), kind="stable")
    return list(dict.fromkeys(read.entries[position].dataset for position in order))
