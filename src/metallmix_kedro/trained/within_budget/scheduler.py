"""Which trial comes next: the one with the most expected gain a second.

As in Quick-Tune (Arango et al., "Quick-Tune: Quickly Learning Which Pretrained Model to Finetune
and How", ICLR 2024), what a trial may gain is weighed against what it will cost. Configurations
whose trials are cheap begin on few images, and the best third goes on to more (asynchronous
successive halving; Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from metallmix_kedro.surrogate import Outlook
from metallmix_kedro.trained.within_budget.pace import MeasuredPace, Step

GOES_ON = 1 / 3
"""Share of the configurations measured at a level that may be measured at the next."""


@dataclass(frozen=True, slots=True)
class Group:
    """Configurations that are trained together, by their places, and the level they begin at."""

    places: tuple[int, ...]
    first_level: int


class Results:
    """Validation scores so far, in [0, 1]: by level, then by place; None for a failed trial.

    A level is a number of training images, counted from 0 for the fewest to `top` for all.
    """

    def __init__(self, top: int) -> None:
        self.top = top
        self.scores: list[dict[int, float | None]] = [{} for _ in range(top + 1)]

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
        above: dict[int, float] = {}
        shift = 0.0
        for level in range(self.top, -1, -1):
            here = self.finished(level)
            gained = [above[place] - here[place] for place in here.keys() & above.keys()]
            shift += float(np.mean(gained)) if gained else 0.0
            weight = max(1, 4 >> (self.top - level))
            found = {**{place: (one + shift, weight) for place, one in here.items()}, **found}
            above = here
        return found


Foresee = Callable[[Mapping[int, tuple[float, int]]], Outlook]
"""From `Results.comparable` to what is to be expected of all configurations."""


def next_step(
    groups: Sequence[Group], results: Results, foresee: Foresee, pace: MeasuredPace, left_s: float
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
    pace : MeasuredPace
    left_s : float
        Seconds that are left.
    """
    leaders = () if results.leader is None else (results.leader,)
    costs = {}
    for step in _possible(groups, results):
        seconds = pace.step(step)
        # Whoever of these wins has to be trained.
        if seconds + max(map(pace.finish, (*step.places, *leaders))) <= left_s:
            costs[step] = max(seconds, 1e-6)
    if not costs:
        return None
    outlook = foresee(results.comparable())
    tried = [place for place in range(len(outlook.mean)) if results.is_tried(place)]
    return max(costs, key=lambda step: _gain(step, tried, outlook) / costs[step])


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


def _gain(step: Step, tried: Collection[int], outlook: Outlook) -> float:
    """Return by how much the best of a step is expected to exceed the best of those tried."""
    means, places = outlook.mean, list(step.places)
    others = [place for place in tried if place not in step.places]
    if not others:
        return float(means[places].max() - means.mean())
    best = max(others, key=lambda place: means[place])
    after = means[best] + outlook.expected_gain(best)[places].max()
    return float(after - means[list(tried)].max())
