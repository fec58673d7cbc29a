"""The recommendation's own choice, and chance: methods that run no trial before they choose."""

import numpy as np

from metallmix_kedro.decision import by_prediction, short_list
from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.evaluation.methods.averages import known_averages
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.meta_features import ProbeLevel
from metallmix_kedro.surrogate import known_level

NO_PROBES = "no probes of this dataset"


def by_surrogate(
    task: Task, _rng: np.random.Generator, n_picks: int, level: ProbeLevel = "none"
) -> list[int]:
    """Take the highest predicted relative scores; equals by the shorter predicted time.

    ``level`` says how much of the target was probed: nothing, by the smallest backbone, or all.
    """
    return by_prediction(task.predicted(level)).index[:n_picks].tolist()


def by_short_list(
    task: Task, _rng: np.random.Generator, n_picks: int, level: ProbeLevel = "none"
) -> list[int]:
    """Take the short list that a recommendation would offer of these candidates."""
    averages = known_averages(task)[[*configuration_columns()]].to_dict("records")
    listed = short_list(
        task.predicted(level),
        max(n_picks, 2),
        best_on_average=averages[0] if averages else None,
    )
    return listed.index[:n_picks].tolist()


def no_probes_of(task: Task) -> str | None:
    """Say why a target counts as not probed, or return None."""
    return NO_PROBES if known_level(task.candidates) == "none" else None


def at_random(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:
    """Take different candidates at random, all equally likely."""
    return [int(position) for position in rng.permutation(len(task.candidates))[:n_picks]]
