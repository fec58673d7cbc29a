"""How long trials on the target take: as the history predicts, corrected by what they took here."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import median

from metallmix_kedro.trained.within_budget.scheduler import Step

_HEAD_S = 5e-4
"""Seconds to train one head with an image, all epochs together, before any was trained here."""
_KEPT = 1.3
"""The network that is kept trains on more images than a fold: so many folds' time."""
_WRITING_S = 5.0
"""Seconds to build, check and store the network that is kept."""


@dataclass(frozen=True)
class Cost:
    """What the time of a configuration depends on.

    ``seconds`` is what training it once on all images is predicted to take. A ``cheap`` one trains
    a head alone, on features that are computed once for each ``look``; ``kin`` take equally long.
    """

    seconds: float
    cheap: bool
    look: Hashable
    kin: Hashable


class MeasuredPace:
    """Estimates seconds; each step that is measured makes the next estimates better.

    Parameters
    ----------
    costs : sequence of Cost
        Of each configuration.
    n_train : sequence of int
        Images that train, by level.
    n_folds : dict of bool to int
        Folds of a trial, of cheap ones and of the others.
    final_folds : int
        Folds of the cross-validation of the winner.
    scale : float
        All images of the target, as a multiple of those that trials are measured on.
    """

    def __init__(
        self,
        costs: Sequence[Cost],
        n_train: Sequence[int],
        n_folds: dict[bool, int],
        final_folds: int,
        scale: float,
    ) -> None:
        self._costs = costs
        self._n_train = n_train
        self._n_folds = n_folds
        self._parts = (final_folds + _KEPT) * scale
        self._scale = scale
        self._looks: dict[Hashable, float] = {}
        for cost in costs:
            if cost.cheap:
                self._looks[cost.look] = min(cost.seconds, self._looks.get(cost.look, float("inf")))
        self._looked: set[Hashable] = set()
        self._ratios: defaultdict[Hashable, list[float]] = defaultdict(list)

    def step(self, step: Step) -> float:
        """Estimate a step."""
        cost = self._costs[step.places[0]]
        seconds = self._fit(step)
        if cost.cheap and cost.look not in self._looked:
            seconds += self._look(cost)
        return seconds

    def finish(self, place: int) -> float:
        """Estimate cross-validating a configuration and training the network that is kept."""
        cost, top = self._costs[place], len(self._n_train) - 1
        seconds = self._fit(Step((place,), top)) / self._n_folds[cost.cheap] * self._parts
        if cost.cheap and self._scale > 1:
            seconds += self._look(cost) * self._scale
        return _WRITING_S + seconds

    def learn(self, step: Step, seconds: float, look_s: float) -> None:
        """Take in how long a step took, and how much of it what had not been looked at before."""
        cost = self._costs[step.places[0]]
        if cost.cheap:
            seconds -= look_s
            if cost.look not in self._looked:
                self._ratios["look"].append(look_s / self._looks[cost.look])
            self._looked.add(cost.look)
        for kind in self._kinds(step):
            self._ratios[kind].append(seconds / self._model(step))

    def _look(self, cost: Cost) -> float:
        return self._looks[cost.look] * self._ratio("look")

    def _fit(self, step: Step) -> float:
        kinds = self._kinds(step)
        return self._model(step) * self._ratio(*kinds, *(() if kinds[-1] == "heads" else ["look"]))

    def _model(self, step: Step) -> float:
        cost = self._costs[step.places[0]]
        each = cost.seconds
        if cost.cheap:  # side by side, two more heads take as long as one alone
            each = _HEAD_S * self._n_train[step.level] * (1 + len(step.places)) / 2
        return each * self._n_folds[cost.cheap]

    def _kinds(self, step: Step) -> tuple[Hashable, ...]:
        """Return what a step is an example of, the narrowest first."""
        cost = self._costs[step.places[0]]
        if not cost.cheap:
            return cost.kin, "tuned"
        return (step.level, cost.kin), step.level, "heads"

    def _ratio(self, *kinds: Hashable) -> float:
        """Return how much longer than predicted things took here."""
        known = (self._ratios[kind] for kind in kinds if self._ratios.get(kind))
        return median(next(known, [1.0]))
