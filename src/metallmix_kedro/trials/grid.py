"""The experiment grid: which trials are due, and having them measured."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from metallmix_kedro.errors import WeightsError
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.trials.bundles import Bundle, group_proposals
from metallmix_kedro.trials.executors import Executor, WorkerLostError
from metallmix_kedro.trials.measuring import Proposal
from metallmix_kedro.trials.parameters import ExperimentGridParameters
from metallmix_kedro.trials.progress import GridProgress
from metallmix_kedro.trials.proposals import random_by_strategy, random_configurations
from metallmix_kedro.trials.record import Record
from metallmix_kedro.trials.search import SearchChain

logger = logging.getLogger(__name__)


class Measurer(Protocol):
    """Names the trials of one dataset."""

    def identify(self, configuration: Configuration) -> tuple[str, Record]:
        """Name a trial and give its protocol."""

    def failed(self, proposal: Proposal, error: Exception) -> Record:
        """Make the record of a trial that could not be measured."""


class TrialGrid:
    """Goes through the grid, skipping what is finished, yielding each trial as it ends.

    Random configurations come first, cheap strategies before costly ones and a configuration on
    all datasets before the next, so that a grid that is stopped early has measured the same
    configurations everywhere. Bayesian optimisation follows, for all datasets side by side, each
    told the first random trials of its dataset.

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
        self._parameters = parameters
        self._random = random_configurations(space, parameters.n_random, parameters.seed)
        by_strategy = random_by_strategy(
            space,
            parameters.n_random_by_strategy.model_dump(),
            parameters.seed,
            set(self._random),
        )
        self._proposals = [
            *(Proposal(configuration, "random") for configuration in self._random),
            *(Proposal(configuration, "random_by_strategy") for configuration in by_strategy),
        ]
        self._finished = finished
        self._outcomes: dict[str, dict[Configuration, Record]] = {name: {} for name in measurers}
        self._in_hand: set[tuple[str, Configuration]] = set()
        self._searches = self._make_searches(space)

    def _make_searches(self, space: SearchSpace) -> dict[str, SearchChain]:
        parameters = self._parameters
        initial = self._random[: parameters.n_initial]
        chosen = parameters.bayesian_datasets
        return {
            name: SearchChain(space, initial, parameters.n_bayesian, parameters.seed)
            for name in self._measurers
            if parameters.n_bayesian > 0 and (chosen is None or name in chosen)
        }

    @property
    def size(self) -> int:
        """Trials of the whole grid, finished or not."""
        shared = len(self._measurers) * len(self._proposals)
        return shared + len(self._searches) * self._parameters.n_bayesian

    def run(self, executor: Executor) -> Iterator[Record]:
        """Have measured what is missing and yield each new record at once.

        Raises
        ------
        MetallmixError
            If what all trials need fails: weights, images, the cache, the executor.
        """
        due = self._due()
        with GridProgress(self.size, sum(map(len, self._outcomes.values()))) as progress:
            while True:
                while executor.has_room and (bundle := self._next(due, progress)):
                    executor.submit(bundle)
                    self._in_hand.update(_named(bundle))
                if not self._in_hand:
                    return
                bundle, outcome = executor.next_result()
                self._in_hand.difference_update(_named(bundle))
                for record in self._records(bundle, outcome, due):
                    progress.advance(record)
                    yield record

    def _due(self) -> deque[Bundle]:
        """Bundle the random trials that are missing, and take in those that are not."""
        due: deque[Bundle] = deque()
        for group in group_proposals(self._proposals, self._parameters.heads_at_once):
            for name in self._measurers:
                missing = tuple(one for one in group if not self._is_known(name, one))
                if missing:
                    due.append(Bundle(name, missing))
        return due

    def _is_known(self, dataset: str, proposal: Proposal) -> bool:
        configuration = proposal.configuration
        known = self._outcomes[dataset]
        if configuration not in known:
            trial_id, _ = self._measurers[dataset].identify(configuration)
            if trial_id not in self._finished:
                return False
            known[configuration] = self._finished[trial_id]
        return True

    def _next(self, due: deque[Bundle], progress: GridProgress) -> Bundle | None:
        """Choose what to measure next; None if everything is done or waits for something."""
        if due:
            return due.popleft()
        for name, search in list(self._searches.items()):
            outcomes = self._outcomes[name]
            while search.n_left and search.is_ready(outcomes):
                proposal = search.propose(outcomes)
                if (name, proposal.configuration) in self._in_hand:
                    break  # a random trial, measured just now: the search is told when it ends
                if not self._is_known(name, proposal):
                    self._searches[name] = self._searches.pop(name)  # the others' turn
                    return Bundle(name, (proposal,))
                progress.advance(outcomes[proposal.configuration])
        return None

    def _records(
        self, bundle: Bundle, outcome: list[Record] | WorkerLostError, due: deque[Bundle]
    ) -> Iterable[Record]:
        measurer = self._measurers[bundle.dataset]
        if isinstance(outcome, WorkerLostError):
            if len(bundle.proposals) > 1:  # which of them it was shows when each is alone
                due.extendleft(Bundle(bundle.dataset, (one,)) for one in bundle.proposals)
                return
            outcome = [measurer.failed(bundle.proposals[0], outcome)]
        for proposal, record in zip(bundle.proposals, outcome, strict=True):
            if record["trial_id"] != measurer.identify(proposal.configuration)[0]:
                raise WeightsError(
                    f"A worker has other weights of {proposal.configuration.backbone} "
                    f"({record['weights_id']}) than this process. Give all the same "
                    "experiment_grid.weights and the same installed packages."
                )
            self._outcomes[bundle.dataset][proposal.configuration] = record
            if record["status"] == "failed":
                logger.warning("Trial %s failed: %s", record["trial_id"], record["error"])
            yield record


def _named(bundle: Bundle) -> set[tuple[str, Configuration]]:
    return {(bundle.dataset, proposal.configuration) for proposal in bundle.proposals}
