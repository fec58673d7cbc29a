"""The recommendation asked again after each trial on the target: it learns from use."""

import numpy as np

from metallmix_kedro.decision import by_prediction
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.meta_features import ProbeLevel


def by_own_trials(
    task: Task, _rng: np.random.Generator, n_picks: int, level: ProbeLevel = "none"
) -> list[int]:
    """Try what promises most, tell how it went, and try what is recommended then."""
    before, predicted = task.outlook(level), task.predicted(level)
    tried: list[int] = []
    scores: list[float] = []
    while len(tried) < min(n_picks, len(task.candidates)):
        outlook = before.after(tried, np.array(scores))
        offered = predicted.assign(relative_score=outlook.mean)
        if tried:
            offered["gain"] = outlook.expected_gain(tried[int(np.argmax(scores))])
        tried.append(int(by_prediction(offered.drop(index=tried)).index[0]))
        scores.append(task.revealed_relative_score(tried[-1], level))
    return tried
