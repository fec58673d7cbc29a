"""The recommendation's own choice, and chance: methods that run no trial before they choose."""

import numpy as np

from metallmix_kedro.decision.portfolio import by_prediction, short_list
from metallmix_kedro.evaluation.methods.averages import known_averages
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.meta_features.probes.parameters import ProbeLevel
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS
from metallmix_kedro.surrogate.uncertainty.probe_levels import known_level

KEYS = list(CONFIGURATION_COLUMNS)
NO_PROBES = "no probes of this dataset"


def by_surrogate(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:  # noqa: ARG001
    """Take the highest predicted relative scores; equals by the shorter predicted time."""
    return _highest(task, "none", n_picks)


def by_one_probe(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:  # noqa: ARG001
    """Take the highest scores predicted of a target that the smallest backbone has looked at."""
    return _highest(task, "smallest", n_picks)


def by_all_probes(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:  # noqa: ARG001
    """Take the highest scores predicted of a target that every backbone has looked at."""
    return _highest(task, "all", n_picks)


def by_short_list(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:  # noqa: ARG001
    """Take the short list that a recommendation would offer of these candidates."""
    return _listed(task, "none", n_picks)


def by_probed_list(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:  # noqa: ARG001
    """Take the short list for a target that every backbone has looked at."""
    return _listed(task, "all", n_picks)


def no_probes_of(task: Task) -> str | None:
    """Say why a target counts as not probed, or return None."""
    return NO_PROBES if known_level(task.candidates) == "none" else None


def _highest(task: Task, level: ProbeLevel, n_picks: int) -> list[int]:
    return by_prediction(task.predicted(level)).index[:n_picks].tolist()


def _listed(task: Task, level: ProbeLevel, n_picks: int) -> list[int]:
    averages = known_averages(task)[KEYS].to_dict("records")
    listed = short_list(
        task.predicted(level),
        task.outlook(level).draws,
        max(n_picks, 2),
        best_on_average=averages[0] if averages else None,
    )
    return listed.index[:n_picks].tolist()


def at_random(task: Task, rng: np.random.Generator, n_picks: int) -> list[int]:
    """Take different candidates at random, all equally likely."""
    return [int(position) for position in rng.permutation(len(task.candidates))[:n_picks]]
