"""Bayesian optimisation of one dataset as a chain of trials, each waiting for the one before."""

from collections.abc import Mapping

from metallmix_kedro.grid.proposals import BayesianSearch
from metallmix_kedro.grid.record import Record
from metallmix_kedro.search_space import Configuration, SearchSpace


class SearchChain:
    """Proposes trials of one dataset, one after another.

    The same outcomes told in the same order give the same proposals, which is how a grid that was
    stopped goes on with a search in the middle.

    Parameters
    ----------
    space : SearchSpace
        Where to search.
    initial : list of Configuration
        Configurations whose outcomes it is told first, in this order.
    n_trials : int
        How many it proposes.
    seed : int
        Seed of the search.
    """

    def __init__(
        self, space: SearchSpace, initial: list[Configuration], n_trials: int, seed: int
    ) -> None:
        self._space = space
        self._seed = seed
        self._untold = list(initial)
        self._search: BayesianSearch | None = None
        self.n_left = n_trials

    def is_ready(self, outcomes: Mapping[Configuration, Record]) -> bool:
        """Whether the outcomes of all configurations it has to be told are known."""
        return all(configuration in outcomes for configuration in self._untold)

    def propose(self, outcomes: Mapping[Configuration, Record]) -> tuple[Configuration, str]:
        """Take in what it waited for, and propose the next trial: what, and who proposes it.

        Parameters
        ----------
        outcomes : mapping of Configuration to dict
            Records of the dataset's trials; a failed one counts as accuracy 0.
        """
        if self._search is None:  # scikit-optimize is imported only now
            self._search = BayesianSearch(self._space, self._seed)
        for configuration in self._untold:
            score = outcomes[configuration]["validation_accuracy"]
            self._search.tell(configuration, score or 0.0)
        configuration, proposer = self._search.ask()
        self._untold = [configuration]
        self.n_left -= 1
        return configuration, proposer
