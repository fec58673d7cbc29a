"""The recommendation's own choice, and chance: methods that run no trial before they choose."""

import numpy as np

from metallmix_kedro.evaluation.averages import known_averages
from metallmix_kedro.evaluation.task import Task
from metallmix_kedro.recommendation.candidates import short_list
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
    averages = known_averages(task)[KEYS].to_dict("records")
    # Of a history that varies its backbones alone, no two trials differ in more than that.
    n_varied = int((task.candidates[KEYS].nunique(dropna=False) > 1).sum())
    listed = short_list(
        task.predicted(),
        max(n_picks, 2),
        min(task.settings.recommendation.min_difference, max(n_varied, 1)),
        best_on_average=averages[0] if averages else None,
    )
    return listed.index[:n_picks].tolist()


def at_random(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:
    """Take different candidates at random, all equally likely."""
    return [int(position) for position in rng.permutation(len(task.candidates))[:n_picks]]
