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
        among = choices(allowed, tried, limits.choose_among)
        self._surrogate = known.learned.surrogate
        scored = score_space(target, self._surrogate, among)
        most_s = limits.max_training_time_s or float("inf")
        self._scored = scored[scored["training_time_s"] <= most_s].reset_index(drop=True)
        self._before = self._surrogate.outlook(self._scored, self._scored["relative_score"])
        rows: list[dict[Any, Any]] = self._scored.to_dict("records")
        self.configurations = list(map(Configuration.from_mapping, rows))
        self.seconds = self._scored["training_time_s"].to_numpy(dtype=np.float64)
        places = {one: place for place, one in enumerate(self.configurations)}
        # Of several trials of one, the best is the last.
        own: list[dict[Any, Any]] = target.own_trials[::-1].to_dict("records")
        found = {places.get(Configuration.from_mapping(one)): (one[SCORE], 1) for one in own}
        self._earlier = {place: one for place, one in found.items() if place is not None}

    def after(self, trials: Mapping[int, tuple[float, int]]) -> Outlook:
        """Return what is to be expected of the relative scores after some trials.

        Parameters
        ----------
        trials : mapping
            By place: score in [0, 1], and how many trials it counts as.
        """
        told = {**self._earlier, **trials}
        places = [place for place, (_, weight) in told.items() for _ in range(weight)]
        scores = np.array([told[place][0] for place in places])
        relative = self._surrogate.relative_score(scores, self._scored.iloc[places])
        return self._before.after(places, relative)

    def candidate(self, place: int) -> Candidate:
        """Describe a configuration with what was predicted of it before any of these trials."""
        return Candidate(
            ref="measured",
            configuration=self.configurations[place],
            roles=("best_measured",),
            contributions=(),
            **predicted_values(self._scored.iloc[place].to_dict()),
        )
