"""The methods that are compared: an open registry.

A new method is a function from a task, a random generator and a number of picks to positions of
candidates in the order to try them; it is entered in `METHODS` and in
`evaluation.parameters.MethodName`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from metallmix_kedro.evaluation.bayesian import by_gaussian_process
from metallmix_kedro.evaluation.one_shot import (
    at_random,
    by_average,
    by_nearest_neighbour,
    by_short_list,
    by_surrogate,
)
from metallmix_kedro.evaluation.parameters import MethodName
from metallmix_kedro.evaluation.task import Settings, Task

Choose = Callable[[Task, np.random.Generator, int], list[int]]
"""Positions of candidates, each at most once, in the order to try them; may be empty."""


def _one(settings: Settings) -> int:  # noqa: ARG001
    return 1


def _short(settings: Settings) -> int:
    return settings.recommendation.n_candidates


def _searched(settings: Settings) -> int:
    return settings.evaluation.n_trials


def _random_seeds(settings: Settings) -> int:
    return settings.evaluation.n_random_seeds


def _bayesian_seeds(settings: Settings) -> int:
    return settings.evaluation.n_bayesian_seeds


@dataclass(frozen=True, slots=True)
class Method:
    """One way to arrive at a configuration.

    Parameters
    ----------
    label : str
        How tables and pictures call it.
    choose : callable
        The choice.
    n_picks : callable of Settings to int
        How many picks are tried; the best of them is kept. A single pick is kept untried.
    n_seeds : callable of Settings to int
        How often it is repeated with other random numbers.
    uses_surrogate : bool
        Whether it asks for the task's surrogate, which is then fitted beforehand: it is fitted
        once for all targets, so fitting is no part of a response.
    """

    label: str
    choose: Choose
    n_picks: Callable[[Settings], int] = _one
    n_seeds: Callable[[Settings], int] = _one
    uses_surrogate: bool = False


_METHODS: dict[MethodName, Method] = {
    "surrogate": Method("Surrogate's pick", by_surrogate, uses_surrogate=True),
    "short_list": Method("Best of the short list", by_short_list, _short, uses_surrogate=True),
    "best_on_average": Method("Best on average", by_average),
    "nearest_neighbour": Method("Nearest neighbour", by_nearest_neighbour),
    "random_pick": Method("Random pick", at_random, n_seeds=_random_seeds),
    "random_search": Method("Random search", at_random, _searched, _random_seeds),
    "bayesian_search": Method(
        "Bayesian optimisation", by_gaussian_process, _searched, _bayesian_seeds
    ),
}

METHODS: dict[str, Method] = {str(name): method for name, method in _METHODS.items()}
"""All methods by name."""
