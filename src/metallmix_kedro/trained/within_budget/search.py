"""Trying configurations on the target until only the time to train the best of them is left."""

import logging
import time
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from metallmix_kedro.explanation import Budget, Candidate, formatting
from metallmix_kedro.grid import ExperimentGridParameters
from metallmix_kedro.search_space import Configuration, phrase
from metallmix_kedro.support import MetallmixError, WeightsError
from metallmix_kedro.trained.within_budget.foresight import Foresight
from metallmix_kedro.trained.within_budget.pace import Cost, MeasuredPace, Step
from metallmix_kedro.trained.within_budget.scheduler import Group, Results, next_step
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
        self._foresight, self._trials, self._pace = foresight, trials, pace
        self._configurations = foresight.configurations
        self._budget_s, self._began = budget_s, began
        self._results = Results(len(trials.levels) - 1)
        self._groups = groups(self._configurations, self._results.top)
        self._records: list[Record] = []
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
                while step := self._next():
                    self._try(step)
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

    def _next(self) -> Step | None:
        left_s = self._budget_s - self._used_s()
        return next_step(self._groups, self._results, self._foresight.after, self._pace, left_s)

    def _try(self, step: Step) -> None:
        more = f" and {len(step.places) - 1} more" if len(step.places) > 1 else ""
        self._now = self._told(step.places[0], step.level) + more
        try:
            self._take_in(self._trials.measure(step, self._watch, self._used_s))
        except WeightsError as error:
            self._strike_off(step, error)
        else:
            told = "%.0f of %g s: tried %s; leads: %s"
            logger.info(told, self._used_s(), self._budget_s, self._now, self._leads())

    def _told(self, place: int, level: int) -> str:
        n_train = self._trials.n_train(place, level)
        return f"{phrase(self._configurations[place])} on {n_train:,} images"

    def _leads(self) -> str:
        leader, level = self._results.leader, self._results.highest
        if leader is None:
            return "nothing yet"
        score = formatting.percent(self._results.finished(level)[leader])
        return f"{self._told(leader, level)}: validation accuracy {score}"

    def _take_in(self, done: Measured) -> None:
        scores = [record["validation_accuracy"] for record in done.records]
        self._records += done.records
        self._results.add(done.step, scores)
        self._pace.learn(done.step, done.seconds, done.look_s)
        leader = next(iter(self._results.finished(self._results.highest).values()), None)
        for place, record, score in zip(done.step.places, done.records, scores, strict=True):
            one, n_train = self._configurations[place], int(record["n_train"])
            self._tried.append(Tried(one, n_train, score, done.used_s, leader))

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
        left_s, leader = self._budget_s - self._used_s(), self._results.leader
        table = Table(show_header=False)
        table.add_row("tried now", Text(self._now))
        table.add_row("leads", Text(self._leads()))
        table.add_row("time left", formatting.duration(max(0.0, left_s)))
        self._live.update(table, refresh=True)
        if left_s < (0.0 if leader is None else self._pace.finish(leader)):
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
            records=tuple(self._records),
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
        What the history's trials were given: the predicted times hold for its image size.
    grid : ExperimentGridParameters
    final_folds : int
        Folds that the winner is tested on, at least.
    n_images : int
        Images of the target that it is trained on.
    """
    costs = []
    for place, (one, seconds) in enumerate(
        zip(foresight.configurations, foresight.seconds.tolist(), strict=True)
    ):
        cheap, side = is_cheap(one), image_size_of(one, grid.protocol.image_size)
        seconds *= trials.n_images / n_images
        if budget is not None:
            seconds *= side**2 / budget.image_size**2
        costs.append(Cost(seconds, trials.n_folds(place), cheap, (one.backbone, side)))
    n_train = [trials.n_train(0, level) for level in range(len(trials.levels))]
    return MeasuredPace(costs, n_train, final_folds, n_images / trials.n_images)
