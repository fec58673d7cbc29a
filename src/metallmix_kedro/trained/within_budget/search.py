"""Trying configurations on the target until only the time to train the best of them is left."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from metallmix_kedro.explanation import Budget, Candidate, formatting
from metallmix_kedro.grid import ExperimentGridParameters
from metallmix_kedro.search_space import Configuration, phrase
from metallmix_kedro.support import WeightsError
from metallmix_kedro.trained.within_budget.foresight import Foresight
from metallmix_kedro.trained.within_budget.pace import Cost, MeasuredPace
from metallmix_kedro.trained.within_budget.scheduler import leading, next_trial
from metallmix_kedro.trained.within_budget.trials import Measured, Record, Trials
from metallmix_kedro.training import (
    STRATEGIES,
    EnoughError,
    FinishedFolds,
    StoppedError,
    head_work,
    image_size_of,
)

logger = logging.getLogger(__name__)

_HEAD_S = 1.2e-4
"""Seconds to train a head on a fold, by its work (`training.head_work`); one processor core."""

_WORTH = 0.002
"""Relative score by which what was measured widely has to promise more, to come before the rest."""


class OutOfTimeError(EnoughError):
    """A trial that is given up because the rest of the budget is needed to train the winner."""


@dataclass(frozen=True)
class Tried:
    """A trial and its validation accuracy (None: it failed).

    Of a trial that was not trained on all folds, it is that of what led then, plus how far it was
    ahead on the same folds, if by more than a standard error. It ended when ``at_s`` of the budget
    were used; ``leader`` is the best then.
    """

    configuration: Configuration
    score: float | None
    at_s: float
    leader: float | None


@dataclass(frozen=True)
class Search:
    """What was tried on the target within a budget, and the best of it.

    ``winner`` is None where the budget was too short to try anything; ``folds`` are what its trial
    kept of its training, if anything.
    """

    budget_s: float
    used_s: float
    tried: tuple[Tried, ...]
    records: tuple[Record, ...]
    winner: Candidate | None
    folds: FinishedFolds | None
    notes: tuple[str, ...]


class SearchWithinBudget:
    """One search, which goes on where an earlier run of the same was stopped.

    Parameters
    ----------
    foresight : Foresight
        What may be tried, and what is expected of it.
    trials : Trials
        Measures the same configurations.
    pace : MeasuredPace
        Says how long they take.
    budget_s : float
        Seconds that may be used, training the winner included.
    began : float
        When the time began to run, by `time.monotonic`.
    """

    def __init__(
        self,
        foresight: Foresight,
        trials: Trials,
        pace: MeasuredPace,
        budget_s: float,
        began: float,
    ) -> None:
        self._foresight, self._trials, self._pace = foresight, trials, pace
        self._configurations = foresight.configurations
        self._budget_s, self._began = budget_s, began
        self._turns = [foresight.first, [*foresight.first, *foresight.rest]]
        self._scores: dict[int, float | None] = {}
        self._measured: dict[int, Measured] = {}
        self._tried: list[Tried] = []
        self._notes: list[str] = []
        self._now = ""
        self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)

    def run(self) -> Search:
        """Try configurations until no further trial leaves time to train the winner.

        Raises
        ------
        StoppedError
            After Ctrl-C; what is measured stays stored.
        WeightsError
            If no backbone that may be chosen has weights.
        """
        for earlier in self._trials.read():
            self._take_in(earlier)
        if self._tried:
            self._began -= self._tried[-1].at_s
        try:
            with self._live:
                while (place := self._next()) is not None:
                    self._try(place)
        except OutOfTimeError as error:
            logger.info("%s", error)
        except KeyboardInterrupt:
            raise StoppedError(
                f"{len(self._tried)} trials of the search within training.budget_s are stored, and "
                "the time they took. The same command goes on from there."
            ) from None
        return self._outcome()

    def _used_s(self) -> float:
        return time.monotonic() - self._began

    def _next(self) -> int | None:
        left_s = self._budget_s - self._used_s()
        known = self._scores, self._foresight.after, self._pace, left_s, self._trials.seed
        for places, worth in zip(self._turns, (_WORTH, 0.0), strict=True):
            place = next_trial(places, *known, worth)
            if place is not None:
                return place
        return None

    def _try(self, place: int) -> None:
        self._now = phrase(self._configurations[place])
        try:
            self._take_in(self._trials.measure(place, self._watch, self._used_s, self._is_behind))
        except WeightsError as error:
            self._strike_off(place, error)
        else:
            told = "%.0f of %g s: tried %s; leads: %s"
            logger.info(told, self._used_s(), self._budget_s, self._now, self._leads())

    def _leads(self) -> str:
        leader = leading(self._scores)
        if leader is None:
            return "nothing yet"
        score = formatting.percent(self._scores[leader] or 0.0)
        return f"{phrase(self._configurations[leader])}: validation accuracy {score}"

    def _is_behind(self, validated: Sequence[float]) -> bool:
        return self._ahead(validated) < 0

    def _ahead(self, validated: Sequence[float]) -> float:
        """Say how far a trial is ahead of what leads, on the same folds.

        Differences of less than a standard error are none: they tell of the images, not of what
        was trained.
        """
        leader = leading(self._scores)
        if leader is None:
            return 0.0
        theirs = self._measured[leader].validated[: len(validated)]
        known, found = mean(theirs), mean(validated[: len(theirs)])
        n_images = len(theirs) * self._measured[leader].record["n_validation"]
        error = math.sqrt(known * (1 - known) / n_images)
        return found - known if abs(found - known) > error else 0.0

    def _score(self, done: Measured) -> float | None:
        """Return what can be compared: other folds are other images."""
        score: float | None = done.record["validation_accuracy"]
        leader = leading(self._scores)
        if score is None or leader is None or done.record["n_folds"] == self._trials.n_folds:
            return score
        return min(1.0, max(0.0, (self._scores[leader] or 0.0) + self._ahead(done.validated)))

    def _take_in(self, done: Measured) -> None:
        score = self._score(done)
        self._measured[done.place] = done
        self._scores[done.place] = score
        if score is not None:
            alone_s = done.record["training_time_s"]
            n_folds = done.record["n_folds"]
            self._pace.learn(done.place, n_folds, done.seconds, done.look_s, alone_s)
        leader = leading(self._scores)
        best = None if leader is None else self._scores[leader]
        self._tried.append(Tried(self._configurations[done.place], score, done.used_s, best))

    def _strike_off(self, place: int, error: WeightsError) -> None:
        """Try nothing of a backbone without weights."""
        backbone = self._configurations[place].backbone
        self._turns = [
            [one for one in places if self._configurations[one].backbone != backbone]
            for places in self._turns
        ]
        self._notes.append(f"{backbone} was not tried: {error}")
        logger.warning("%s", self._notes[-1])
        if not any(self._turns):
            raise error

    def _watch(self) -> None:
        """Show the time; give a trial up where what is left is needed for the winner."""
        left_s, leader = self._budget_s - self._used_s(), leading(self._scores)
        table = Table(show_header=False)
        table.add_row("tried now", Text(self._now))
        table.add_row("leads", Text(self._leads()))
        table.add_row("time left", formatting.duration(max(0.0, left_s)))
        self._live.update(table, refresh=True)
        if left_s < (0.0 if leader is None else self._pace.finish(leader)):
            raise OutOfTimeError("The rest of training.budget_s is needed to train the winner.")

    def _outcome(self) -> Search:
        leader = leading(self._scores)
        if leader is None:
            self._notes.append(
                f"training.budget_s = {self._budget_s:g} s was too short to try anything: what was "
                "recommended is trained as without a budget."
            )
            logger.warning("%s", self._notes[-1])
        return Search(
            budget_s=self._budget_s,
            used_s=self._used_s(),
            tried=tuple(self._tried),
            records=tuple(done.record for done in self._measured.values()),
            winner=None if leader is None else self._foresight.candidate(leader),
            folds=None if leader is None else self._trials.kept_of(leader),
            notes=tuple(self._notes),
        )


def expected_pace(
    foresight: Foresight,
    trials: Trials,
    budget: Budget | None,
    grid: ExperimentGridParameters,
    final_folds: int,
    n_images: int,
) -> MeasuredPace:
    """Say how long trials take before any was measured.

    Parameters
    ----------
    foresight : Foresight
    trials : Trials
    budget : Budget or None
        What the history's trials were given: the predicted times hold for its image size.
    grid : ExperimentGridParameters
    final_folds : int
        Folds that the winner is tested on, at least.
    n_images : int
        Images of the target that it is trained on.
    """
    costs = []
    for one, seconds in zip(foresight.configurations, foresight.seconds.tolist(), strict=True):
        side = image_size_of(one, grid.protocol.image_size)
        seconds *= trials.n_images / n_images
        if budget is not None:
            seconds *= side**2 / budget.image_size**2
        is_head = one.strategy == STRATEGIES[0]
        head_s = _HEAD_S * head_work(one, trials.n_images)
        costs.append(Cost(seconds, head_s if is_head else None, (one.backbone, side)))
    scale = n_images / trials.n_images
    return MeasuredPace(costs, final_folds, scale, trials.keeps)
