"""How long trials on the target take: as the history predicts, corrected by what they took here."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import median

from metallmix_kedro.training import KEPT_TIMES

_WRITING_S = 5.0
"""Seconds to build, check and store the network that is kept."""


@dataclass(frozen=True)
class Cost:
    """What the time of a configuration depends on, before anything was measured here.

    Parameters
    ----------
    seconds : float
        To train it once on the images of a fold; for a head, to compute its features.
    head_s : float or None
        To train a head with the images of a fold; None where layers of the backbone are trained.
    look : hashable
        What heads share that need the same features: computed once, for all images.
    """

    seconds: float
    head_s: float | None
    look: Hashable


class MeasuredPace:
    """Estimates seconds; each trial that is measured makes the next estimates better.

    Parameters
    ----------
    costs : sequence of Cost
        Of each configuration.
    final_folds : int
        Folds that the winner is tested on, at least.
    scale : float
        All images of the target, as a multiple of those that trials are measured on.
    keeps : bool
        Whether trials that train layers of the backbone keep their folds and a network.
    """

    def __init__(
        self,
        costs: Sequence[Cost],
        final_folds: int,
        scale: float,
        keeps: bool,
    ) -> None:
        self._costs, self._keeps = costs, keeps
        self._final_folds, self._scale = final_folds, scale
        self._looked: set[Hashable] = set()
        self._ratios: defaultdict[str, list[float]] = defaultdict(list)
        self._tuned_s: dict[int, float] = {}

    def is_cheap(self, place: int) -> bool:
        """Whether a head alone is trained."""
        return self._costs[place].head_s is not None

    def trial(self, place: int) -> float:
        """Estimate the first fold of a trial; only what leads then is trained on more."""
        return self._fold(place) + self._first_look(place)

    def finish(self, place: int) -> float:
        """Estimate testing a configuration and training the network that is kept, after a trial."""
        again = self._look(place) * self._scale if self.is_cheap(place) and self._scale > 1 else 0.0
        folds = KEPT_TIMES + (0 if self._is_kept(place) else self._final_folds)
        return _WRITING_S + self._fold(place) * folds * self._scale + again

    def finish_at_least(self, place: int) -> float:
        """Estimate what has to be done after a trial to have a network that is kept, and a test."""
        return _WRITING_S if self._is_kept(place) else self.finish(place)

    def _is_kept(self, place: int) -> bool:
        return self._keeps and not self.is_cheap(place)

    def learn(
        self, place: int, n_folds: int, seconds: float, look_s: float, alone_s: float
    ) -> None:
        """Take in how long a trial took.

        Parameters
        ----------
        place : int
        n_folds : int
            The folds that it was trained on.
        seconds : float
            What it took.
        look_s : float
            How much of it was no training: a backbone's first look at the images, where it is one.
        alone_s : float
            What training it once took with all that it needs, features that were there before too.
        """
        cost = self._costs[place]
        if cost.head_s is None:
            self._tuned_s[place] = seconds / n_folds
            return
        self._ratios["alone"].append(alone_s / cost.seconds)
        if cost.look not in self._looked:
            self._looked.add(cost.look)
            self._ratios["look"].append(look_s / cost.seconds)
            seconds -= look_s
        self._ratios["head"].append(seconds / n_folds / cost.head_s)

    def _fold(self, place: int) -> float:
        cost = self._costs[place]
        if cost.head_s is not None:
            return cost.head_s * self._ratio("head")
        if place in self._tuned_s:
            return self._tuned_s[place]
        if not self._tuned_s:
            return cost.seconds * self._ratio("alone")
        # What is the same for all of them, as building a network, weighs least in the dearest.
        dearest = max(self._tuned_s, key=lambda one: self._costs[one].seconds)
        return cost.seconds * self._tuned_s[dearest] / self._costs[dearest].seconds

    def _first_look(self, place: int) -> float:
        is_first = self.is_cheap(place) and self._costs[place].look not in self._looked
        return self._look(place) if is_first else 0.0

    def _look(self, place: int) -> float:
        return self._costs[place].seconds * self._ratio("look")

    def _ratio(self, kind: str) -> float:
        """Return how many times as long as predicted it took here."""
        return median(self._ratios[kind] or [1.0])
