"""The declaration in force."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from types import MappingProxyType
from typing import Any, Self, TypeVar

from pydantic import model_validator

from metallmix_kedro.declared.feature import Feature, Hyperparameter, MetaFeature
from metallmix_kedro.support import ParameterError, Parameters


class Declaration(Parameters):
    """The hyperparameters and meta-features of one domain, in the order they are told in.

    ``trained`` is what is trained on a dataset, as it stands in a sentence: "an image classifier".
    """

    hyperparameters: Mapping[str, Hyperparameter]
    meta_features: Mapping[str, MetaFeature]
    trained: str = "a model"

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if not self.hyperparameters:
            raise ParameterError("search_space is empty: there is nothing to choose among.")
        before: dict[str, Hyperparameter] = {}
        for name, declared in self.hyperparameters.items():
            for problem in _problems_with_condition(declared, before):
                raise ParameterError(f"search_space.{name}.{problem}.")
            before[name] = declared
        if twice := sorted(set(self.hyperparameters) & set(self.meta_features)):
            raise ParameterError(
                "Both a hyperparameter (search_space) and a meta-feature (meta_features.declared): "
                f"{', '.join(twice)}."
            )
        return self

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        """Take the declarations out of the parameters ``search_space`` and ``meta_features``."""
        # Environments are merged key by key: null takes out what another one declares.
        declared = {
            "hyperparameters": parameters["search_space"],
            "meta_features": parameters["meta_features"]["declared"],
        }
        known = {
            key: {name: one for name, one in entries.items() if one is not None}
            for key, entries in declared.items()
        }
        trained = parameters["meta_features"].get("trained", "a model")
        return cls.model_validate({**known, "trained": trained})


def _problems_with_condition(
    declared: Hyperparameter, before: Mapping[str, Hyperparameter]
) -> Iterator[str]:
    """Say what is wrong with a condition; it is about hyperparameters that stand before."""
    for other, values in declared.when.items():
        if other not in before:
            yield f"when.{other}: there is no hyperparameter {other} before it"
            continue
        for value in values:
            if problem := before[other].problem_with(value):
                yield f"when.{other}: {value!r} {problem}"
    if declared.when and declared.default is None:
        yield "default is missing: it holds where the condition (when) is not met"


Derived = TypeVar("Derived")
_IN_FORCE: list[Declaration] = []


def use(declaration: Declaration) -> None:
    """Put a declaration in force, in place of the one before."""
    _IN_FORCE[:] = [declaration]


def in_force() -> Declaration:
    """Return the declaration in force.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if not _IN_FORCE:
        raise ParameterError(
            "No hyperparameters are declared. A Kedro run declares those of its environment "
            "(conf/base/parameters/search_space.yml); elsewhere call metallmix_kedro.declared.use."
        )
    return _IN_FORCE[0]


@contextmanager
def used(declaration: Declaration) -> Iterator[None]:
    """Put a declaration in force for a while."""
    before = _IN_FORCE[:]
    use(declaration)
    try:
        yield
    finally:
        _IN_FORCE[:] = before


def hyperparameters() -> Mapping[str, Hyperparameter]:
    """Return the declared hyperparameters by name, in order."""
    return MappingProxyType(in_force().hyperparameters)


def hyperparameter(name: str) -> Hyperparameter:
    """Return one declared hyperparameter."""
    return in_force().hyperparameters[name]


def meta_features() -> Mapping[str, MetaFeature]:
    """Return the declared meta-features by name, in order."""
    return MappingProxyType(in_force().meta_features)


def configuration_columns() -> tuple[str, ...]:
    """Return the names of the hyperparameters: the columns of a configuration."""
    return tuple(in_force().hyperparameters)


def meta_feature_columns() -> tuple[str, ...]:
    """Return the names of the meta-features."""
    return tuple(in_force().meta_features)


def numeric_meta_features() -> tuple[str, ...]:
    """Return the names of the meta-features that are numbers."""
    return tuple(name for name, declared in meta_features().items() if declared.is_number)


def network() -> str | None:
    """Return the hyperparameter that names a pretrained network; None in a domain without."""
    described = (n for n, one in hyperparameters().items() if one.described_by == "backbones")
    return next(described, None)


def titled() -> tuple[str, ...]:
    """Name the hyperparameters that stand in a configuration's title; maybe none."""
    return tuple(name for name, one in hyperparameters().items() if one.shown == "title")


def derived(make: Callable[[], Derived]) -> Callable[[], Derived]:
    """Remember what a function makes of the declaration, until another one is in force."""
    kept: list[tuple[Declaration, Derived]] = []

    @wraps(make)
    def remembered() -> Derived:
        declaration = in_force()
        if not kept or kept[0][0] is not declaration:
            kept[:] = [(declaration, make())]
        return kept[0][1]

    return remembered


@derived
def features() -> Mapping[str, Feature]:
    """Return what is declared of every feature: meta-features, then hyperparameters."""
    declaration = in_force()
    return MappingProxyType({**declaration.meta_features, **declaration.hyperparameters})
