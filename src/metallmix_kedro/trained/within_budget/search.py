"""Trying configurations on the target until only the time to train the best of them is left."""

import logging
import time
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from metallmix_kedro.declared import network
from metallmix_kedro.explanation import Budget, Candidate
from metallmix_kedro.grid import ExperimentGridParameters
from metallmix_kedro.search_space import Configuration, phrase
from metallmix_kedro.support import MetallmixError, WeightsError
from metallmix_kedro.trained.within_budget.display import SearchDisplay
from metallmix_kedro.trained.within_budget.foresight import Foresight
from metallmix_kedro.trained.within_budget.pace import Cost, MeasuredPace
from metallmix_kedro.trained.within_budget.scheduler import Group, Results, Step, next_step
from metallmix_kedro.trained.within_budget.trials import Measured, Record, Trials
from metallmix_kedro.training import STRATEGIES, StoppedError, image_size_of, trained_together

logger = logging.getLogger(__name__)


class OutOfTimeError(MetallmixError):
    """A trial that is given up because the rest of the budget is needed to train the winner."""


@dataclass(frozen=True)
class Tried:
    """A trial: how many images trained it, its validation accuracy (None: it failed).

    It ended when ``at_s`` of the budget were used; ``leader`` is the best validation accuracy then,
    among the trials with as many training images as any had.
    """

    configuration: Configuration
    n_train: int
    score: float | None
    at_s: float
    leader: float | None


@dataclass(frozen=True)
class Search:
    """What was tried on the target within a budget, and the best of it.

    ``winner`` is None where the budget was too short to try anything.
    """

    budget_s: float
    used_s: float
    tried: tuple[Tried, ...]
    records: tuple[Record, ...]
    winner: Candidate | None
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
        self._foresight = foresight
        self._configurations = foresight.configurations
        self._trials, self._pace = trials, pace
        self._budget_s, self._began = budget_s, began
        self._results = Results(len(trials.levels) - 1)
        self._groups = groups(self._configurations, self._results.top)
        self._measured: list[Measured] = []
        self._tried: list[Tried] = []
        self._notes: list[str] = []
        self._display = SearchDisplay(budget_s)

    def _used_s(self) -> float:
        return time.monotonic() - self._began

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
        if self._measured:
            self._began -= self._measured[-1].used_s
        try:
            with self._display:
                while step := self._next():
                    self._try(step)
        except OutOfTimeError as error:
            logger.info("%s", error)
        except KeyboardInterrupt:
            raise StoppedError(
                f"{len(self._measured)} steps of the search within training.budget_s are stored, "
                "and the time they took. The same command goes on from there."
            ) from None
        return self._outcome()

    def _next(self) -> Step | None:
        left_s = self._budget_s - self._used_s()
        return next_step(self._groups, self._results, self._foresight.draws, self._pace, left_s)

    def _try(self, step: Step) -> None:
        self._display.begin(self._told(step.places[0], step.level, len(step.places) - 1))
        try:
            done = self._trials.measure(step, self._watch, self._used_s)
        except WeightsError as error:
            self._strike_off(step, error)
            return
        self._take_in(done)
        leader, level = self._results.leader, self._results.highest
        best = None if leader is None else self._told(leader, level)
        self._display.ended(best, self._leader_score(), self._used_s())

    def _told(self, place: int, level: int, more: int = 0) -> str:
        others = f" and {more} more" if more else ""
        n_train = self._trials.n_train(place, level)
        return f"{phrase(self._configurations[place])}{others} on {n_train:,} images"

    def _leader_score(self) -> float | None:
        leader = self._results.leader
        return None if leader is None else self._results.scores[self._results.highest][leader]

    def _take_in(self, done: Measured) -> None:
        self._measured.append(done)
        self._results.add(done.step, done.scores)
        self._pace.learn(done.step, done.seconds, done.look_s)
        leader = self._leader_score()
        for place, record in zip(done.step.places, done.records, strict=True):
            n_train, score = int(record["n_train"]), record["validation_accuracy"]
            self._tried.append(
                Tried(self._configurations[place], n_train, score, done.used_s, leader)
            )

    def _strike_off(self, step: Step, error: WeightsError) -> None:
        """Try nothing of a backbone without weights."""
        backbone = self._configurations[step.places[0]].backbone
        self._groups = [
            group
            for group in self._groups
            if self._configurations[group.places[0]].backbone != backbone
        ]
        self._notes.append(f"{backbone} was not tried: {error}")
        logger.warning("%s", self._notes[-1])
        if not self._groups:
            raise error

    def _watch(self) -> None:
        """Show the time; give a trial up where what is left is needed for the winner."""
        used_s, leader = self._used_s(), self._results.leader
        self._display.tick(used_s)
        needed_s = 0.0 if leader is None else self._pace.finish(leader)
        if self._budget_s - used_s < needed_s:
            raise OutOfTimeError("The rest of training.budget_s is needed to train the winner.")

    def _outcome(self) -> Search:
        leader = self._results.leader
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
            records=tuple(record for done in self._measured for record in done.records),
            winner=None if leader is None else self._foresight.candidate(leader),
            notes=tuple(self._notes),
        )


def is_cheap(configuration: Configuration) -> bool:
    """Whether a head alone is trained."""
    return bool(configuration.strategy == STRATEGIES[0])


def groups(configurations: Sequence[Configuration], top: int) -> list[Group]:
    """Put together what is trained together; where layers are fine-tuned, all images train."""
    by_kind: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, configuration in enumerate(configurations):
        by_kind[trained_together(configuration)].append(place)
    return [
        Group(tuple(places), 0 if is_cheap(configurations[places[0]]) else top)
        for places in by_kind.values()
    ]


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
        What the history's trials were given, on which the predicted times rest.
    grid : ExperimentGridParameters
    final_folds : int
        Folds that the winner is trained on.
    n_images : int
        Images of the target that it is trained on.
    """
    costs, n_folds = [], {}
    for place, one in enumerate(foresight.configurations):
        cheap, side = is_cheap(one), image_size_of(one, grid.protocol.image_size)
        more = 1.0
        if budget is not None:
            more = trials.n_images * side**2 / (budget.n_images * budget.image_size**2)
        kin = [part for part in trained_together(one) if not cheap or part[0] != network()]
        costs.append(
            Cost(float(foresight.seconds[place]) * more, cheap, (one.backbone, side), tuple(kin))
        )
        if cheap not in n_folds:
            n_folds[cheap] = trials.n_folds(place)
    n_train = [trials.n_train(0, level) for level in range(len(trials.levels))]
    return MeasuredPace(costs, n_train, n_folds, final_folds, n_images / trials.n_images)
