"""What is to be expected of configurations on the target: all that a search asks of what decides.

What the history says is conditioned on each trial, as the recommendation is on trials of one's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from metallmix_kedro.decision import (
    DecisionParameters,
    Learned,
    Target,
    allowed_space,
    choices,
    predicted_values,
    score_space,
)
from metallmix_kedro.explanation import Candidate
from metallmix_kedro.history import SCORE
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support import Unchanging
from metallmix_kedro.surrogate import Outlook


@dataclass(frozen=True, eq=False)
class Known(Unchanging):
    """What a recommendation is made of."""

    learned: Learned
    target: Target
    space: SearchSpace
    decision: DecisionParameters


class Foresight:
    """The n configurations that may be tried on a target, and what is expected of them.

    ``first`` are the places of those that were measured widely, however few (where none was, of
    what `choices` offers in their place), ``rest`` those of the others, of which less is known.

    Parameters
    ----------
    known : Known

    Raises
    ------
    ArtifactError, ParameterError
        As a recommendation.
    """

    def __init__(self, known: Known) -> None:
        target, limits = known.target, known.decision
        # Own trials join the history; what may be tried has to stay the same, to go on from there.
        tried = known.learned.history.without(frozenset({target.name})).tried
        allowed = allowed_space(known.space, tried, limits.backbones, limits.max_parameters)
        self._surrogate = known.learned.surrogate
        scored = score_space(target, self._surrogate, allowed.space.frame())
        most_s = limits.max_training_time_s or float("inf")
        self._scored = scored[scored["training_time_s"] <= most_s].reset_index(drop=True)
        self._before = self._surrogate.outlook(self._scored, self._scored["relative_score"])
        rows: list[dict[Any, Any]] = self._scored.to_dict("records")
        self.configurations = list(map(Configuration.from_mapping, rows))
        self.seconds = self._scored["training_time_s"].to_numpy(dtype=np.float64)
        places = {one: place for place, one in enumerate(self.configurations)}
        choice = choices(allowed, tried, limits.choose_among, fewest=1)
        offered: list[dict[Any, Any]] = choice.to_dict("records")
        first = {places.get(Configuration.from_mapping(row)) for row in offered}
        self.first = [place for place in places.values() if place in first]
        self.rest = [place for place in places.values() if place not in first]
        # Of several trials of one, the best is the last.
        own: list[dict[Any, Any]] = target.own_trials[::-1].to_dict("records")
        found = {places.get(Configuration.from_mapping(one)): one[SCORE] for one in own}
        self._earlier = {place: one for place, one in found.items() if place is not None}

    def after(self, scores: Mapping[int, float]) -> Outlook:
        """Return what is to be expected of the relative scores after some trials.

        Parameters
        ----------
        scores : mapping
            Of the trials, in [0, 1], by place.
        """
        told = {**self._earlier, **scores}
        known = self._scored.iloc[list(told)]
        relative = self._surrogate.relative_score(np.array(list(told.values())), known)
        return self._before.after(list(told), relative)

    def candidate(self, place: int) -> Candidate:
        """Describe a configuration with what was predicted of it before any of these trials."""
        return Candidate(
            ref="measured",
            configuration=self.configurations[place],
            roles=("best_measured",),
            contributions=(),
            **predicted_values(self._scored.iloc[place].to_dict()),
        )
