"""The experiment grid: which trials are due, and having them measured."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from metallmix_kedro.grid.bundles import Bundle, group_proposals
from metallmix_kedro.grid.executors import Executor, WorkerLostError
from metallmix_kedro.grid.measuring import Proposal, Trial, TrialMeasurer
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.grid.plan import Plan
from metallmix_kedro.grid.progress import Advance, grid_progress
from metallmix_kedro.grid.record import Record
from metallmix_kedro.grid.search import SearchChain
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.support import WeightsError

logger = logging.getLogger(__name__)


class TrialGrid:
    """Goes through the grid, skipping what is finished, yielding each trial as it ends.

    Named and random configurations come first: cheap strategies before costly ones, within a
    strategy level by level, and a configuration on all datasets before the next, so that a grid
    that is stopped early has measured the same configurations everywhere. Bayesian optimisation
    follows, for all datasets side by side, each told the first random trials of its dataset.

    Parameters
    ----------
    measurers : mapping of str to TrialMeasurer
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
        measurers: Mapping[str, TrialMeasurer],
        space: SearchSpace,
        parameters: ExperimentGridParameters,
        finished: Mapping[str, Record],
    ) -> None:
        self._measurers = measurers
        self._parameters = parameters
        self._plan = Plan(space, parameters)
        self._shared = {name: self._plan.proposals(one) for name, one in measurers.items()}
        self._finished = finished
        self._outcomes: dict[str, dict[Trial, Record]] = {name: {} for name in measurers}
        self._in_hand: set[tuple[str, Trial]] = set()
        self._searches = self._make_searches(space)

    def _make_searches(self, space: SearchSpace) -> dict[str, SearchChain]:
        parameters = self._parameters
        initial = self._plan.random[: parameters.n_initial]
        chosen = parameters.bayesian_datasets
        return {
            name: SearchChain(space, initial, parameters.n_bayesian, parameters.seed)
            for name in self._measurers
            if parameters.n_bayesian > 0 and (chosen is None or name in chosen)
        }

    @property
    def size(self) -> int:
        """Trials of the whole grid, finished or not."""
        shared = sum(map(len, self._shared.values()))
        return shared + len(self._searches) * self._parameters.n_bayesian

    def run(self, executor: Executor) -> Iterator[Record]:
        """Have measured what is missing and yield each new record at once.

        Raises
        ------
        MetallmixError
            If what all trials need fails: weights, images, the cache, the executor.
        """
        due = self._due()
        with grid_progress(self.size, sum(map(len, self._outcomes.values()))) as advance:
            while True:
                while executor.has_room and (bundle := self._next(due, advance)):
                    executor.submit(bundle)
                    self._in_hand.update(_named(bundle))
                if not self._in_hand:
                    return
                bundle, outcome = executor.next_result()
                self._in_hand.difference_update(_named(bundle))
                for record in self._records(bundle, outcome, due):
                    advance(record)
                    yield record

    def _due(self) -> deque[Bundle]:
        """Bundle the random trials that are missing, and take in those that are not."""
        due: deque[Bundle] = deque()
        # What any dataset is measured on, in one order for all.
        everything = dict.fromkeys(one for shared in self._shared.values() for one in shared)
        of = {name: set(shared) for name, shared in self._shared.items()}
        for group in group_proposals(everything, self._parameters.heads_at_once):
            for name in self._measurers:
                asked = [one for one in group if one in of[name]]
                missing = tuple(one for one in asked if not self._is_known(name, one))
                if missing:
                    due.append(Bundle(name, missing))
        return due

    def _is_known(self, dataset: str, proposal: Proposal) -> bool:
        known = self._outcomes[dataset]
        if proposal.trial not in known:
            trial_id, _ = self._measurers[dataset].identify(proposal)
            if trial_id not in self._finished:
                return False
            known[proposal.trial] = self._finished[trial_id]
        return True

    def _next(self, due: deque[Bundle], advance: Advance) -> Bundle | None:
        """Choose what to measure next; None if everything is done or waits for something."""
        if due:
            return due.popleft()
        for name, search in list(self._searches.items()):
            outcomes = {
                configuration: self._outcomes[name][trial]
                for trial in self._outcomes[name]
                if (configuration := self._plan.searched(trial))
            }
            while search.n_left and search.is_ready(outcomes):
                configuration, proposer = search.propose(outcomes)
                proposal = self._plan.at_all_images(configuration, proposer)
                if (name, proposal.trial) in self._in_hand:
                    break  # a random trial, measured just now: the search is told when it ends
                if not self._is_known(name, proposal):
                    self._searches[name] = self._searches.pop(name)  # the others' turn
                    return Bundle(name, (proposal,))
                outcomes[configuration] = self._outcomes[name][proposal.trial]
                advance(outcomes[configuration])
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
            if record["trial_id"] != measurer.identify(proposal)[0]:
                raise WeightsError(
                    f"A worker has other weights of {proposal.configuration.backbone} "
                    f"({record['weights_id']}) than this process. Give all the same "
                    "experiment_grid.weights and the same installed packages."
                )
            self._outcomes[bundle.dataset][proposal.trial] = record
            if record["status"] == "failed":
                logger.warning("Trial %s failed: %s", record["trial_id"], record["error"])
            yield record


def _named(bundle: Bundle) -> set[tuple[str, Trial]]:
    return {(bundle.dataset, proposal.trial) for proposal in bundle.proposals}
