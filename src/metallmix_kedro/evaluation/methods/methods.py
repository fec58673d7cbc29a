"""The methods that are compared: an open registry.

A new method is a function from a task, a random generator and a number of picks to positions of
candidates in the order to try them; it is entered in `METHODS` and in
`evaluation.parameters.MethodName`. What it learns from other datasets it asks of the task's
`Knowledge`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.evaluation.methods.averages import (
    by_average,
    by_rank,
    mean_ranks,
    mean_scores,
)
from metallmix_kedro.evaluation.methods.bayesian import by_gaussian_process
from metallmix_kedro.evaluation.methods.neighbours import (
    by_nearest_neighbour,
    by_three_neighbours,
    similarity_index,
)
from metallmix_kedro.evaluation.methods.one_shot import (
    at_random,
    by_all_probes,
    by_one_probe,
    by_probed_list,
    by_short_list,
    by_surrogate,
    no_probes_of,
)
from metallmix_kedro.evaluation.methods.own_trials import by_own_trials, by_probed_own_trials
from metallmix_kedro.evaluation.methods.portfolio import by_portfolio, dataset_scores
from metallmix_kedro.evaluation.methods.rankers import (
    by_pairs,
    by_raw_accuracy,
    pairwise_model,
    raw_accuracy_model,
)
from metallmix_kedro.evaluation.methods.transferability import by_logme, no_logme, value_effects
from metallmix_kedro.evaluation.parameters import MethodName
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.protocols.task import Task, point_model

Choose = Callable[[Task, np.random.Generator, int], list[int]]
"""Positions of candidates, each at most once, in the order to try them; may be empty."""

Fit = Callable[[pd.DataFrame, Settings], Any]
"""What `Knowledge.learn` takes."""

LISTED = 5
"""How long a method's list is where its length is not its own: the best of five is judged too."""


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


def _always(task: Task) -> str | None:  # noqa: ARG001
    return None


@dataclass(frozen=True, slots=True)
class Method:
    """One way to arrive at a configuration.

    Parameters
    ----------
    label : str
        How tables and pictures call it.
    choose : callable
        The choice. The first of n picks is the one that it would pick alone.
    fits : tuple of callable
        What it asks the task's knowledge for, which is then learned beforehand: it is learned
        once for all targets, so learning is no part of a response.
    n_tried : callable of Settings to int
        How many picks are tried; the best of them is kept. A single pick is kept untried.
    n_seeds : callable of Settings to int
        How often it is repeated with other random numbers.
    learns : bool
        Whether it depends on other datasets' trials, so that it runs under every protocol.
    asks : bool
        Whether it is told the outcome of a trial before it chooses the next.
    missing : callable of Task to str or None
        Why it cannot run on a target.
    """

    label: str
    choose: Choose
    fits: tuple[Fit, ...] = ()
    n_tried: Callable[[Settings], int] = _one
    n_seeds: Callable[[Settings], int] = _one
    learns: bool = True
    asks: bool = False
    missing: Callable[[Task], str | None] = _always

    def n_listed(self, settings: Settings) -> int:
        """Return how many picks are asked for: those tried, or `LISTED` where one is kept."""
        n_tried = self.n_tried(settings)
        return n_tried if n_tried > 1 else LISTED


_METHODS: dict[MethodName, Method] = {
    "surrogate": Method("Surrogate's pick", by_surrogate, (point_model,)),
    "short_list": Method(
        "Best of the short list", by_short_list, (point_model, mean_scores), _short
    ),
    "one_probe": Method("Surrogate, one probe", by_one_probe, (point_model,), missing=no_probes_of),
    "all_probes": Method(
        "Surrogate, all probes", by_all_probes, (point_model,), missing=no_probes_of
    ),
    "probed_short_list": Method(
        "Short list, all probes",
        by_probed_list,
        (point_model, mean_scores),
        _short,
        missing=no_probes_of,
    ),
    "own_trials": Method(
        "Guided by own trials", by_own_trials, (point_model,), _searched, asks=True
    ),
    "probed_own_trials": Method(
        "Guided by own trials, all probes",
        by_probed_own_trials,
        (point_model,),
        _searched,
        asks=True,
        missing=no_probes_of,
    ),
    "best_on_average": Method("Best on average", by_average, (mean_scores,)),
    "best_by_rank": Method("Best by mean rank", by_rank, (mean_ranks,)),
    "nearest_neighbour": Method("Nearest neighbour", by_nearest_neighbour, (similarity_index,)),
    "three_nearest_neighbours": Method(
        "Three nearest neighbours", by_three_neighbours, (similarity_index,)
    ),
    "greedy_portfolio": Method("Greedy portfolio", by_portfolio, (dataset_scores,)),
    "surrogate_raw_accuracy": Method(
        "XGBoost on raw score", by_raw_accuracy, (raw_accuracy_model,)
    ),
    "pairwise_ranker": Method("Pairwise ranker", by_pairs, (pairwise_model,)),
    "transferability": Method(
        "LogME and averages", by_logme, (mean_scores, value_effects), missing=no_logme
    ),
    "random_pick": Method("Random pick", at_random, n_seeds=_random_seeds, learns=False),
    "random_search": Method("Random search", at_random, (), _searched, _random_seeds, learns=False),
    "bayesian_search": Method(
        "Bayesian optimisation",
        by_gaussian_process,
        (),
        _searched,
        _bayesian_seeds,
        learns=False,
        asks=True,
    ),
}

METHODS: dict[str, Method] = {str(name): method for name, method in _METHODS.items()}
"""All methods by name."""
