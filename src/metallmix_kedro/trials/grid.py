"""The experiment grid: which trials are due, and measuring them one after another."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.trials.parameters import ExperimentGridParameters
from metallmix_kedro.trials.proposals import BayesianSearch, random_configurations
from metallmix_kedro.trials.record import Record

logger = logging.getLogger(__name__)


class Measurer(Protocol):
    """Names and measures the trials of one dataset."""

    def identify(self, configuration: Configuration) -> tuple[str, Record]:
        """Name a trial and give its protocol."""

    def measure(self, configuration: Configuration, proposer: str) -> Record:
        """Measure a trial; never raises for what goes wrong in it."""


class TrialGrid:
    """Goes through the grid, skipping what is finished, yielding each trial as it ends.

    Random configurations come first, one configuration on all datasets before the next, so that a
    grid that is stopped early has measured the same configurations everywhere. Bayesian
    optimisation follows dataset by dataset, told the random trials.

    Parameters
    ----------
    measurers : mapping of str to Measurer
        By dataset name.
    space : SearchSpace
        The configurations to choose among.
    parameters : ExperimentGridParameters
        How many trials of which kind.
    finished : mapping of str to dict
        Records known already, by trial id; failed ones count, they are not tried again.
    """

    def __init__(
        self,
        measurers: Mapping[str, Measurer],
        space: SearchSpace,
        parameters: ExperimentGridParameters,
        finished: Mapping[str, Record],
    ) -> None:
        self._measurers = measurers
        self._space = space
        self._parameters = parameters
        self._known = dict(finished)
        self._random = random_configurations(space, parameters.n_random, parameters.seed)
        self._best: dict[str, float] = {}

    @property
    def size(self) -> int:
        """Trials of the whole grid, finished or not."""
        return len(self._measurers) * (len(self._random) + self._parameters.n_bayesian)

    def run(self) -> Iterator[Record]:
        """Measure what is missing and yield each new record at once."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[best]}"),
        )
        with Progress(*columns) as progress:
            task = progress.add_task("trials", total=self.size, best="")
            for record, is_new in self._outcomes():
                progress.update(task, advance=1, best=self._describe_best(record))
                if is_new:
                    yield record

    def _outcomes(self) -> Iterator[tuple[Record, bool]]:
        for configuration in self._random:
            for measurer in self._measurers.values():
                yield self._outcome(measurer, configuration, "random")
        for measurer in self._measurers.values():
            yield from self._search(measurer)

    def _search(self, measurer: Measurer) -> Iterator[tuple[Record, bool]]:
        if self._parameters.n_bayesian == 0:
            return
        search = BayesianSearch(self._space, self._parameters.seed)
        for configuration in self._random:
            record = self._known[measurer.identify(configuration)[0]]
            search.tell(configuration, record["validation_accuracy"] or 0.0)
        for _ in range(self._parameters.n_bayesian):
            configuration, proposer = search.ask()
            record, is_new = self._outcome(measurer, configuration, proposer)
            search.tell(configuration, record["validation_accuracy"] or 0.0)
            yield record, is_new

    def _outcome(
        self, measurer: Measurer, configuration: Configuration, proposer: str
    ) -> tuple[Record, bool]:
        name, _ = measurer.identify(configuration)
        is_new = name not in self._known
        if is_new:
            record = measurer.measure(configuration, proposer)
            self._known[name] = record
            if record["status"] == "failed":
                logger.warning("Trial %s failed: %s", name, record["error"])
        return self._known[name], is_new

    def _describe_best(self, record: Record) -> str:
        dataset, score = record["dataset"], record["test_accuracy"]
        if score is not None:
            self._best[dataset] = max(score, self._best.get(dataset, 0.0))
        if dataset not in self._best:
            return f"{dataset}: no trial finished yet"
        return f"{dataset}: best {self._best[dataset]:.3f}"


def readable_records(partitions: Mapping[str, Any]) -> dict[str, Record]:
    """Read stored trials, leaving out what cannot be read.

    A run that was killed while it wrote a trial may have left half a file. That trial is said and
    measured again; all others are kept.

    Parameters
    ----------
    partitions : mapping of str to callable
        Loads a record, by partition name.

    Returns
    -------
    dict
        Records by trial id.
    """
    records: dict[str, Record] = {}
    for name, load in sorted(partitions.items()):
        try:
            record = load()
            records[record["trial_id"]] = record
        except Exception as error:
            logger.warning(
                "The stored trial '%s' cannot be read (%s); it counts as not measured.",
                name,
                " ".join(str(error).split())[:200],
            )
    return records
