"""The search space: the values that are searched (paper, Table 1)."""

import math
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, Self

import pandas as pd
from pydantic import ConfigDict, model_validator

from metallmix_kedro.declared import Hyperparameter, Value, hyperparameter, hyperparameters
from metallmix_kedro.search_space.configuration import Configuration
from metallmix_kedro.support import ParameterError, Parameters


class SearchSpace(Parameters):
    """The values each declared hyperparameter may take; the space is their product.

    It has an attribute for each declared hyperparameter, a tuple of values, and is made of such
    tuples, or of the declarations themselves. The paper's own space (7 backbones, Table 1) has
    6,804 configurations. A hyperparameter with a condition has its default where the condition is
    not met, so that no two configurations differ in what has no effect.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _values_of_each(cls, given: Any) -> Any:
        entries = {name: entry for name, entry in dict(given).items() if entry is not None}
        # In a file stand declarations, elsewhere values alone. A file can be read where nothing is
        # in force: kedro-viz reads parameters without the project's hooks.
        own = {
            name: Hyperparameter.model_validate(entry)
            for name, entry in entries.items()
            if isinstance(entry, Mapping)
        }
        declared = own if own and len(own) == len(entries) else hyperparameters()
        values = {name: own[name].values if name in own else entries[name] for name in entries}
        if unknown := sorted(set(values) - set(declared)):
            known = ", ".join(declared)
            raise ValueError(f"not declared: {', '.join(unknown)}; declared are {known}")
        if missing := [name for name in declared if not values.get(name)]:
            raise ValueError(f"no values: {', '.join(missing)}")
        return {name: _checked(name, one, values[name]) for name, one in declared.items()}

    def values(self, name: str) -> tuple[Value, ...]:
        """Return the values of one hyperparameter."""
        found: tuple[Value, ...] = (self.model_extra or {})[name]
        return found

    def __getattr__(self, name: str) -> Any:
        """Return the values of one hyperparameter."""
        return super().__getattr__(name)  # type: ignore[misc]  # pydantic's own: the extra values

    @property
    def size(self) -> int:
        """Number of configurations."""
        if any(one.when for one in hyperparameters().values()):
            return len(self.frame())
        return math.prod(map(len, (self.model_extra or {}).values()))

    def frame(self) -> pd.DataFrame:
        """All configurations, one a row, in the order of the product.

        Returns
        -------
        pandas.DataFrame
            Shape (``size``, number of hyperparameters), a column for each.
        """
        values = self.model_extra or {}
        return apply_conditions(pd.DataFrame(product(*values.values()), columns=list(values)))

    def __contains__(self, configuration: Configuration) -> bool:
        """Whether every value of the configuration stands in its list."""
        values = configuration.as_dict()
        return all(
            values[name] in self.values(name) or not declared.applies(values)
            for name, declared in hyperparameters().items()
        )

    def restricted(self, **kept: Iterable[Value] | None) -> Self:
        """Return the part of the space that uses only the given values.

        Parameters
        ----------
        **kept : iterable of values, or None
            By hyperparameter; None keeps all of its values.

        Raises
        ------
        ParameterError
            If a value is not in the space, or none of a hyperparameter is left.
        """
        changed = {}
        for name, values in kept.items():
            if values is None:
                continue
            wanted = tuple(dict.fromkeys(values))
            unknown = [str(value) for value in wanted if value not in self.values(name)]
            if unknown or not wanted:
                raise ParameterError(
                    f"{hyperparameter(name).words or name}: {', '.join(unknown) or '(none given)'} "
                    f"is not in the search space; it has {', '.join(map(str, self.values(name)))} "
                    f"(parameter search_space.{name}.values)."
                )
            changed[name] = wanted
        return type(self).model_validate({**(self.model_extra or {}), **changed})


def apply_conditions(frame: pd.DataFrame) -> pd.DataFrame:
    """Give hyperparameters whose condition is not met their default, and keep each row once."""
    conditional = {name: one for name, one in hyperparameters().items() if one.when}
    if not conditional:
        return frame
    for name, declared in conditional.items():
        met = pd.Series(True, index=frame.index)
        for other, values in declared.when.items():
            met &= frame[other].isin(values)
        frame = frame.assign(**{name: frame[name].where(met, declared.default)})
    return frame.drop_duplicates(ignore_index=True)


def _checked(name: str, declared: Hyperparameter, values: Iterable[Value]) -> tuple[Value, ...]:
    try:
        return declared.checked(values)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
