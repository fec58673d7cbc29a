"""The recommendation asked again after each trial on the target: it learns from use."""

import numpy as np

from metallmix_kedro.decision import short_list
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.meta_features import ProbeLevel


def by_own_trials(
    task: Task, _rng: np.random.Generator, n_picks: int, level: ProbeLevel = "none"
) -> list[int]:
    """Try the first of the short list, tell how it went, and try what is recommended then."""
    before, predicted = task.outlook(level), task.predicted(level)
    tried: list[int] = []
    scores: list[float] = []
    while len(tried) < min(n_picks, len(task.candidates)):
        outlook = before.after(tried, np.array(scores), task.settings.meta_learning.seed)
        left = predicted.assign(relative_score=outlook.mean).drop(index=tried)
        floor = outlook.draws[:, tried].max(axis=1) if tried else None
        offered = short_list(left, outlook.draws[:, left.index], 1, floor=floor)
        tried.append(int(offered.index[0]))
        scores.append(task.revealed_relative_score(tried[-1], level))
    return tried
