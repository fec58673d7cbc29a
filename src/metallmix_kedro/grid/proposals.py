"""Which configurations to try: random sampling and Bayesian optimisation (paper, section 2.1)."""

import warnings
from collections.abc import Collection, Mapping
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support import ParameterError, require

_ASKS = 20
"""How often Bayesian optimisation may propose what is measured already before chance decides."""


def random_configurations(space: SearchSpace, count: int, seed: int) -> list[Configuration]:
    """Draw different configurations, all equally likely.

    The draw does not depend on the dataset: every dataset is measured on the same ones, so that
    "best on average" and comparisons between datasets are exact.

    Parameters
    ----------
    space : SearchSpace
        Where to draw from.
    count : int
        How many; at most ``space.size`` come back.
    seed : int
        Seed of the draw.

    Returns
    -------
    list of Configuration
        In the order drawn, so that a longer list begins with a shorter one.
    """
    order = np.random.default_rng(seed).permutation(space.size)[:count]
    rows = space.frame().iloc[order].to_dict("records")
    return [Configuration.from_mapping({str(key): row[key] for key in row}) for row in rows]


def random_by_strategy(
    space: SearchSpace, counts: Mapping[str, int], seed: int, without: Collection[Configuration]
) -> list[Configuration]:
    """Draw configurations of each strategy, the backbones in turn.

    Within a strategy every backbone is drawn equally often (give or take one), in random order,
    so that a history has no blank spots where a small random sample would leave some.

    Parameters
    ----------
    space : SearchSpace
        Where to draw from.
    counts : mapping of str to int
        How many of each strategy; a strategy that is not in the space gives none.
    seed : int
        Seed of the draw.
    without : collection of Configuration
        Configurations that are not drawn.

    Returns
    -------
    list of Configuration
        Strategy by strategy, in the order of `counts`; fewer where the space has no more.
    """
    frame = space.frame()
    chosen: list[Configuration] = []
    for number, (strategy, count) in enumerate(counts.items()):
        rng = np.random.default_rng([seed, number])
        rows = frame[frame["strategy"] == strategy]
        columns = [
            _shuffled(rows[rows["backbone"] == backbone], rng, without)
            for backbone in space.backbone
        ]
        rounds = zip_longest(*columns)
        in_turn = [found for turn in rounds for found in rng.permuted(np.array(turn, dtype=object))]
        chosen += [found for found in in_turn if found is not None][:count]
    return chosen


def _shuffled(
    rows: pd.DataFrame, rng: np.random.Generator, without: Collection[Configuration]
) -> list[Configuration]:
    records = rows.iloc[rng.permutation(len(rows))].to_dict("records")
    found = [Configuration.from_mapping({str(key): row[key] for key in row}) for row in records]
    return [configuration for configuration in found if configuration not in without]


class BayesianSearch:
    """Bayesian optimisation of the validation accuracy of one dataset (scikit-optimize).

    A Gaussian process is told all trials known so far, in order, and asked for the next one
    (expected improvement hedged with its peers, the library's default). The same trials told in
    the same order give the same proposals, which is how a killed search goes on.

    Parameters
    ----------
    space : SearchSpace
        Where to search.
    seed : int
        Seed of the search.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None:
        skopt = require("skopt", "experiments")
        dimensions = [self._dimension(skopt, space, name) for name in configuration_columns()]
        # Told results count as initial points: with them the first question already is the
        # Gaussian process's.
        self._optimizer = skopt.Optimizer(
            dimensions, base_estimator="GP", n_initial_points=1, random_state=seed
        )
        self._known: dict[Configuration, float] = {}
        self._space = space
        self._rng = np.random.default_rng(seed)

    @staticmethod
    def _dimension(skopt: Any, space: SearchSpace, name: str) -> Any:
        values = list(space.values(name))
        encoding = "onehot" if isinstance(values[0], str) else "label"
        return skopt.space.Categorical(values, transform=encoding, name=name)

    def tell(self, configuration: Configuration, validation_accuracy: float) -> None:
        """Report an outcome in [0, 1]; a failed trial counts as 0."""
        self._known[configuration] = validation_accuracy
        point = [getattr(configuration, name) for name in configuration_columns()]
        self._optimizer.tell(point, -validation_accuracy)

    def ask(self) -> tuple[Configuration, str]:
        """Propose a configuration that is not known yet.

        Returns
        -------
        tuple of Configuration and str
            The proposal and its proposer: ``"bayesian"``, or ``"random"`` when the search kept
            proposing what is known.
        """
        for _ in range(_ASKS):
            with warnings.catch_warnings():
                # Where its favourite is known it tells so at length; it is asked again below.
                warnings.filterwarnings("ignore", "The objective has been evaluated at point")
                asked = self._optimizer.ask()
            point = dict(zip(configuration_columns(), asked, strict=True))
            configuration = Configuration.from_mapping(point)
            if configuration not in self._known:
                return configuration, "bayesian"
            self.tell(configuration, self._known[configuration])
        seed = int(self._rng.integers(2**31))
        for configuration in random_configurations(self._space, self._space.size, seed):
            if configuration not in self._known:
                return configuration, "random"
        raise ParameterError(
            f"All {self._space.size} configurations of the search space have been measured; "
            "lower experiment_grid.n_bayesian or widen search_space."
        )
