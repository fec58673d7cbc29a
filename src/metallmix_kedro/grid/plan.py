"""Which trials every dataset is measured on: configurations, levels and seeds (paper, 2.1)."""

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import product
from typing import Any

from metallmix_kedro.declared import hyperparameters
from metallmix_kedro.grid.measuring import Proposal, Trial, TrialMeasurer
from metallmix_kedro.grid.parameters import ExperimentGridParameters, Level
from metallmix_kedro.grid.proposals import random_by_strategy, random_configurations
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support import ParameterError
from metallmix_kedro.training import STRATEGIES


class Plan:
    """The trials that datasets share.

    Parameters
    ----------
    space : SearchSpace
        The configurations to choose among.
    parameters : ExperimentGridParameters
        How many trials of which kind.

    Raises
    ------
    ParameterError
        If a configuration names what is not declared, or lacks a hyperparameter.
    """

    def __init__(self, space: SearchSpace, parameters: ExperimentGridParameters) -> None:
        self._parameters = parameters
        self.random = random_configurations(space, parameters.n_random, parameters.seed)
        named = named_configurations(parameters.configurations, space)
        counts = parameters.n_random_by_strategy.model_dump()
        drawn = random_by_strategy(space, counts, parameters.seed, {*self.random, *named})
        self._levelled = {
            **dict.fromkeys(named, "named"),
            **dict.fromkeys(drawn, "random_by_strategy"),
        }

    def at_all_images(self, configuration: Configuration, proposer: str) -> Proposal:
        """Propose a trial as searches do: with all images to train on."""
        return Proposal(configuration, proposer, None, self._parameters.seed)

    def searched(self, trial: Trial) -> Configuration | None:
        """Return a trial's configuration if it is one that a search may be told of."""
        configuration, n_train, seed = trial
        return configuration if n_train is None and seed == self._parameters.seed else None

    def proposals(self, dataset: TrialMeasurer) -> list[Proposal]:
        """List the trials of a dataset, each once: random search, then level by level."""
        found = [self.at_all_images(one, "random") for one in self.random]
        for level in self._parameters.levels:
            if dataset.has_level(level.n_train):
                found += self._of_level(level, dataset.n_images)
        return list({one.trial: one for one in reversed(found)}.values())[::-1]

    def _of_level(self, level: Level, n_images: int) -> list[Proposal]:
        parameters = self._parameters
        is_small = n_images < parameters.second_split_below
        found = []
        for strategy in STRATEGIES:
            ours = [one for one in self._levelled if one.strategy == strategy]
            if level.n_configurations is not None:
                ours = ours[: getattr(level.n_configurations, strategy)]
            repeated = getattr(level.n_repeated, strategy) if level.n_repeated is not None else 0
            for number, one in enumerate(ours):
                n_seeds = parameters.n_seeds if number < repeated else 1
                if is_small and strategy == "feature_extraction":
                    n_seeds = max(2, n_seeds)
                seeds = range(parameters.seed, parameters.seed + n_seeds)
                found += [Proposal(one, self._levelled[one], level.n_train, s) for s in seeds]
        return found


def named_configurations(
    named: tuple[Mapping[str, Any], ...], space: SearchSpace
) -> list[Configuration]:
    """Write out the configurations that parameters name.

    Parameters
    ----------
    named : tuple of mapping
        Hyperparameters with a value each, or with a list, which stands for each of its values.
    space : SearchSpace
        The part of what is declared that is measured now; what lies outside it is left out.

    Returns
    -------
    list of Configuration
        In order, each once.

    Raises
    ------
    ParameterError
        If a hyperparameter is missing or unknown, or a value is not among those declared.
    """
    found: dict[Configuration, None] = {}
    for entry in named:
        values = {name: v if isinstance(v, list | tuple) else (v,) for name, v in entry.items()}
        _check_names(entry)
        for name, listed in values.items():
            for value in listed:
                _check_value(space, name, value)
        for point in product(*values.values()):
            configuration = Configuration.from_mapping(dict(zip(values, point, strict=True)))
            if configuration in space:
                found[configuration] = None
    return list(found)


def _check_names(entry: Mapping[str, Any]) -> None:
    """Raise `ParameterError` for a name that is not declared, or lacks without having a default."""
    needed = [name for name, one in hyperparameters().items() if one.default is None]
    if differing := sorted((set(entry) - set(hyperparameters())) | (set(needed) - set(entry))):
        raise ParameterError(
            f"The entry {dict(entry)} of experiment_grid.configurations lacks or has too much: "
            f"{', '.join(differing)}. Each needs {', '.join(needed)}."
        )


def _check_value(space: SearchSpace, name: str, value: Any) -> None:
    """Raise `ParameterError` for a value that neither the space nor its declaration has."""
    declared = hyperparameters()[name]
    known = dict.fromkeys((*declared.values, *space.values(name)))
    problem = declared.problem_with(value)
    if not problem and declared.typed(value) in known:
        return
    nearest = get_close_matches(str(value), map(str, known), n=1)
    raise ParameterError(
        f"experiment_grid.configurations names {name} {value!r}, which "
        f"{problem or 'search_space does not contain'}; it has "
        f"{', '.join(map(str, known))}." + (f" Did you mean {nearest[0]}?" if nearest else "")
    )
