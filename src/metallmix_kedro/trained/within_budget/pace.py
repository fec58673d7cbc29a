"""How long trials on the target take: as the history predicts, corrected by what they took here."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import median

_HEAD_S = 5e-4
"""Seconds to train one head with an image, all epochs together, before any was trained here."""
_KEPT = 1.3
"""The network that is kept trains on more images than a fold: so many folds' time."""
_WRITING_S = 5.0
"""Seconds to build, check and store the network that is kept."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is measured in one go: some configurations, by their places, at a level."""

    places: tuple[int, ...]
    level: int


@dataclass(frozen=True)
class Cost:
    """What the time of a configuration depends on.

    ``seconds`` is what training it once on all images is predicted to take; a trial does so in
    ``n_folds`` folds. A ``cheap`` one trains a head alone, on features that are computed once for
    each ``look``.
    """

    seconds: float
    n_folds: int
    cheap: bool
    look: Hashable


class MeasuredPace:
    """Estimates seconds; each step that is measured makes the next estimates better.

    Parameters
    ----------
    costs : sequence of Cost
        Of each configuration.
    n_train : sequence of int
        Images that train, by level.
    final_folds : int
        Folds that the winner is tested on, at least.
    scale : float
        All images of the target, as a multiple of those that trials are measured on.
    """

    def __init__(
        self, costs: Sequence[Cost], n_train: Sequence[int], final_folds: int, scale: float
    ) -> None:
        self._costs, self._n_train = costs, n_train
        self._final_folds, self._scale = final_folds, scale
        self._looked: set[Hashable] = set()
        self._ratios: defaultdict[Hashable, list[float]] = defaultdict(list)

    def step(self, step: Step) -> float:
        """Estimate a step."""
        cost = self._costs[step.places[0]]
        is_first = cost.cheap and cost.look not in self._looked
        return self._fit(step) + (self._look(cost) if is_first else 0.0)

    def finish(self, place: int) -> float:
        """Estimate testing a configuration and training the network that is kept."""
        cost, top = self._costs[place], len(self._n_train) - 1
        each = self._fit(Step((place,), top)) / cost.n_folds
        again = self._look(cost) * self._scale if cost.cheap and self._scale > 1 else 0.0
        return _WRITING_S + each * (self._final_folds + _KEPT) * self._scale + again

    def learn(self, step: Step, seconds: float, look_s: float) -> None:
        """Take in how long a step took, and how much of it was no training.

        That is a backbone's first look at the images, where it is its first one.
        """
        cost = self._costs[step.places[0]]
        if cost.cheap and cost.look not in self._looked:
            self._looked.add(cost.look)
            self._ratios["look"].append(look_s / cost.seconds)
            seconds -= look_s
        for kind in self._kinds(step):
            self._ratios[kind].append(seconds / self._model(step))

    def _look(self, cost: Cost) -> float:
        return cost.seconds * self._ratio("look")

    def _fit(self, step: Step) -> float:
        kinds = self._kinds(step)
        return self._model(step) * self._ratio(*kinds, *(() if "heads" in kinds else ("look",)))

    def _model(self, step: Step) -> float:
        cost = self._costs[step.places[0]]
        each = cost.seconds
        if cost.cheap:  # side by side, two more heads take as long as one alone
            each = _HEAD_S * self._n_train[step.level] * (1 + len(step.places)) / 2
        return each * cost.n_folds

    def _kinds(self, step: Step) -> tuple[Hashable, ...]:
        """Return what a step is an example of, the narrowest first."""
        cheap = self._costs[step.places[0]].cheap
        return (step.level, "heads") if cheap else (step.places, "tuned")

    def _ratio(self, *kinds: Hashable) -> float:
        """Return how much longer than predicted things took here."""
        known = (self._ratios[kind] for kind in kinds if self._ratios.get(kind))
        return median(next(known, [1.0]))
