"""The methods that are compared: an open registry.

A new method is a function from a task, a random generator and a number of picks to positions of
candidates in the order to try them; it is entered in `METHODS` and in
`evaluation.parameters.MethodName`. What it learns from other datasets it asks of the task's
`Knowledge`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from metallmix_kedro.evaluation.methods.averages import (
    by_average,
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
    by_short_list,
    by_surrogate,
    no_probes_of,
)
from metallmix_kedro.evaluation.methods.own_trials import by_own_trials
from metallmix_kedro.evaluation.methods.portfolio import by_portfolio, dataset_scores
from metallmix_kedro.evaluation.methods.rankers import (
    by_ranker,
    pairwise_model,
    raw_accuracy_model,
)
from metallmix_kedro.evaluation.methods.transferability import by_logme, no_logme, value_effects
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.protocols.task import Task, point_model, spread
from metallmix_kedro.history import History
from metallmix_kedro.meta_features import ProbeLevel

Choose = Callable[[Task, np.random.Generator, int], list[int]]
"""Positions of candidates, each at most once, in the order to try them; may be empty."""

Fit = Callable[[History, Settings], Any]
"""What `Knowledge.learn` takes."""

LISTED = 5
"""How long a method's list is where its length is not its own: the best of five is judged too."""


_SHORT = attrgetter("recommendation.n_candidates")
_SEARCHED = attrgetter("evaluation.n_trials")


def _one(_settings: Settings) -> int:
    return 1


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
    missing : callable of Task to str or None, optional
        Of a method that asks probes: why it cannot run on a target. Where no pretrained network is
        searched, it falls out.
    """

    label: str
    choose: Choose
    fits: tuple[Fit, ...] = ()
    n_tried: Callable[[Settings], int] = _one
    n_seeds: Callable[[Settings], int] = _one
    learns: bool = True
    asks: bool = False
    missing: Callable[[Task], str | None] | None = None

    def n_listed(self, settings: Settings) -> int:
        """Return how many picks are asked for: those tried, or `LISTED` where one is kept."""
        n_tried = self.n_tried(settings)
        return n_tried if n_tried > 1 else LISTED


def _probed(
    label: str,
    choose: Callable[..., list[int]],
    fits: tuple[Fit, ...],
    level: ProbeLevel = "all",
    **options: Any,
) -> Method:
    """Return a method that asks probes, and cannot run on a target of which there are none."""
    return Method(label, partial(choose, level=level), fits, missing=no_probes_of, **options)


METHODS: dict[str, Method] = {
    "surrogate": Method("Surrogate's pick", by_surrogate, (point_model,)),
    "short_list": Method(
        "Best of the short list", by_short_list, (point_model, mean_scores), _SHORT
    ),
    "one_probe": _probed("Surrogate, one probe", by_surrogate, (point_model,), level="smallest"),
    "all_probes": _probed("Surrogate, all probes", by_surrogate, (point_model,)),
    "probed_short_list": _probed(
        "Short list, all probes", by_short_list, (point_model, mean_scores), n_tried=_SHORT
    ),
    "own_trials": Method(
        "Guided by own trials", by_own_trials, (point_model, spread), _SEARCHED, asks=True
    ),
    "probed_own_trials": _probed(
        "Guided by own trials, all probes",
        by_own_trials,
        (point_model, spread),
        n_tried=_SEARCHED,
        asks=True,
    ),
    "best_on_average": Method("Best on average", by_average, (mean_scores,)),
    "best_by_rank": Method(
        "Best by mean rank", partial(by_average, means=mean_ranks), (mean_ranks,)
    ),
    "nearest_neighbour": Method("Nearest neighbour", by_nearest_neighbour, (similarity_index,)),
    "three_nearest_neighbours": Method(
        "Three nearest neighbours", by_three_neighbours, (similarity_index,)
    ),
    "greedy_portfolio": Method("Greedy portfolio", by_portfolio, (dataset_scores,)),
    "surrogate_raw_accuracy": Method(
        "XGBoost on raw score", partial(by_ranker, fit=raw_accuracy_model), (raw_accuracy_model,)
    ),
    "pairwise_ranker": Method(
        "Pairwise ranker", partial(by_ranker, fit=pairwise_model), (pairwise_model,)
    ),
    "transferability": Method(
        "LogME and averages", by_logme, (mean_scores, value_effects), missing=no_logme
    ),
    "random_pick": Method(
        "Random pick", at_random, n_seeds=attrgetter("evaluation.n_random_seeds"), learns=False
    ),
    "random_search": Method(
        "Random search",
        at_random,
        n_tried=_SEARCHED,
        n_seeds=attrgetter("evaluation.n_random_seeds"),
        learns=False,
    ),
    "bayesian_search": Method(
        "Bayesian optimisation",
        by_gaussian_process,
        n_tried=_SEARCHED,
        n_seeds=attrgetter("evaluation.n_bayesian_seeds"),
        learns=False,
        asks=True,
    ),
}
"""All methods by name, those of `evaluation.parameters.MethodName`."""
