"""Which trial comes next: the one with the most expected gain a second.

As in Quick-Tune (Arango et al., "Quick-Tune: Quickly Learning Which Pretrained Model to Finetune
and How", ICLR 2024), what a trial may gain is weighed against what it will cost. Configurations
whose trials are cheap begin on few images, and the best third goes on to more (asynchronous
successive halving; Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from metallmix_kedro.surrogate import Float32Array

GOES_ON = 1 / 3
"""Share of the configurations measured at a level that may be measured at the next."""
TRIAL_NOISE = 0.1
"""Standard deviation by which a trial misses its configuration's relative score."""


@dataclass(frozen=True, slots=True)
class Group:
    """Configurations that are trained together, by their places, and the level they begin at."""

    places: tuple[int, ...]
    first_level: int


@dataclass(frozen=True, slots=True)
class Step:
    """What is measured next: some configurations at a level."""

    places: tuple[int, ...]
    level: int


@dataclass(slots=True)
class Results:
    """Validation scores so far, in [0, 1]: by level, then by place; None for a failed trial.

    A level is a number of training images, counted from 0 for the fewest to `top` for all.
    """

    top: int
    scores: list[dict[int, float | None]] = field(init=False)

    def __post_init__(self) -> None:
        self.scores = [{} for _ in range(self.top + 1)]

    def add(self, step: Step, scores: Sequence[float | None]) -> None:
        """Take in what a step gave."""
        self.scores[step.level].update(zip(step.places, scores, strict=True))

    def is_tried(self, place: int) -> bool:
        """Whether a configuration was tried at any level."""
        return any(place in some for some in self.scores)

    def finished(self, level: int) -> dict[int, float]:
        """Return the scores of a level, best first; of equals, the one measured first."""
        known = {place: one for place, one in self.scores[level].items() if one is not None}
        return dict(sorted(known.items(), key=lambda item: -item[1]))

    @property
    def highest(self) -> int:
        """The highest level that a trial finished at."""
        return max((level for level in range(self.top + 1) if self.finished(level)), default=0)

    @property
    def leader(self) -> int | None:
        """The best measured of the highest level."""
        return next(iter(self.finished(self.highest)), None)

    def comparable(self) -> dict[int, tuple[float, int]]:
        """Return each configuration's score at its highest level, and how much it counts.

        More images train better networks: what those measured at two levels gained on average is
        added to the scores of the lower one.
        """
        found: dict[int, tuple[float, int]] = {}
        shift = 0.0
        for level in range(self.top, -1, -1):
            here = self.finished(level)
            above = self.finished(level + 1) if level < self.top else {}
            gained = [above[place] - here[place] for place in here.keys() & above.keys()]
            shift += float(np.mean(gained)) if gained else 0.0
            weight = max(1, 4 >> (self.top - level))
            found.update({p: (s + shift, weight) for p, s in here.items() if p not in found})
        return found


class Pace(Protocol):
    """Says how long things will take, in seconds."""

    def step(self, step: Step) -> float:
        """Estimate a step."""

    def finish(self, place: int) -> float:
        """Estimate cross-validating a configuration and training the network that is kept."""


Foresee = Callable[[Mapping[int, tuple[float, int]]], Float32Array]
"""From `Results.comparable` to draws of the relative scores of all n configurations, (m, n)."""


def next_step(
    groups: Sequence[Group], results: Results, foresee: Foresee, pace: Pace, left_s: float
) -> Step | None:
    """Choose the next step, or none where no further one leaves time to train the winner.

    Parameters
    ----------
    groups : sequence of Group
        All configurations that may be tried, each once.
    results : Results
        Of the steps so far.
    foresee : callable
        Gives what is to be expected after them.
    pace : Pace
    left_s : float
        Seconds that are left.
    """
    costs = {
        step: seconds
        for step in _possible(groups, results)
        if (seconds := pace.step(step)) + _reserve(step, results, pace) <= left_s
    }
    if not costs:
        return None
    gains = _gains(list(costs), results, foresee(results.comparable()))
    return max(costs, key=lambda step: gains[step] / max(costs[step], 1e-6))


def _reserve(step: Step, results: Results, pace: Pace) -> float:
    """Return the seconds that the winner needs, whoever of these it will be."""
    places = {*step.places} if results.leader is None else {*step.places, results.leader}
    return max(map(pace.finish, places))


def _possible(groups: Sequence[Group], results: Results) -> Iterator[Step]:
    # The dear ones wait until cheap ones have been measured on all images: they are compared there.
    cheap = any(group.first_level < results.top for group in groups)
    waits = cheap and not results.scores[results.top]
    for group in groups:
        fresh = tuple(place for place in group.places if not results.is_tried(place))
        if fresh and not (waits and group.first_level == results.top):
            yield Step(fresh, group.first_level)
    for level in range(results.top):
        here = list(results.finished(level))
        best = set(here[: int(np.ceil(GOES_ON * len(here)))]) - results.scores[level + 1].keys()
        for group in groups:
            if chosen := tuple(place for place in group.places if place in best):
                yield Step(chosen, level + 1)


def _gains(steps: Sequence[Step], results: Results, draws: Float32Array) -> dict[Step, float]:
    """Return how much better the best known is expected to be after each step.

    It is the knowledge gradient (Frazier et al., "The knowledge-gradient policy for correlated
    normal beliefs", 2009): of what is not known of a configuration, a trial tells a part.
    """
    mean = draws.mean(axis=0)
    unknown = draws.std(axis=0)
    tried = [place for place in range(len(mean)) if results.is_tried(place)]
    ranked = sorted(((float(mean[place]), place) for place in tried), reverse=True)
    nothing = float(mean.mean())
    best = ranked[0][0] if ranked else nothing
    told = []
    for level in range(results.top + 1):
        noise = TRIAL_NOISE / np.sqrt(max(1, 4 >> (results.top - level)))
        told.append(mean + (draws - mean) * (unknown / np.hypot(unknown, noise)))
    gains = {}
    for step in steps:
        others = (score for score, place in ranked if place not in step.places)
        other = next(others, nothing)
        after = told[step.level][:, step.places].max(axis=1)
        gains[step] = float(np.maximum(after, other).mean()) - best
    return gains
