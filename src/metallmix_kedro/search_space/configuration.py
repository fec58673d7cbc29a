"""One configuration: a value for each declared hyperparameter."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import model_validator

from metallmix_kedro.declared import (
    DeclaredValues,
    Hyperparameter,
    Value,
    configuration_columns,
    hyperparameters,
    is_missing,
)


class Configuration(DeclaredValues):
    """One point of the search space (paper, Table 1).

    It has an attribute for each hyperparameter that is declared, in the order they are declared in:
    with the paper's space ``backbone``, ``strategy``, ``dense_units`` and so on.
    """

    what = "hyperparameter"

    @model_validator(mode="before")
    @classmethod
    def _declared_and_typed(cls, values: Any) -> Any:
        if isinstance(values, cls):
            return values
        if unknown := set(values) - set(configuration_columns()):
            raise ValueError(f"not declared: {', '.join(sorted(unknown))}")
        return _typed(values)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Take a configuration's values out of a row, a reply or a search's proposal.

        Parameters
        ----------
        values : mapping
            Holds at least a value for each hyperparameter without a default; other keys are
            ignored. NumPy scalars become Python's.

        Raises
        ------
        KeyError
            If a hyperparameter without a default is missing.
        """
        return cls(**_typed(values))

    @classmethod
    def of(cls, *values: Value) -> Self:
        """Make a configuration of its values in the order of the declaration."""
        return cls(**dict(zip(configuration_columns(), values, strict=True)))

    @property
    def id(self) -> str:
        """Readable, unique name, for example ``Xception-last_10-d512-p0.3-adam-lr1e-04-b32``."""
        return "-".join(
            declared.abbreviation + _short(declared, self.as_dict()[name])
            for name, declared in hyperparameters().items()
        )

    def get(self, name: str, default: Any) -> Any:
        """Return the value of a hyperparameter, or what holds where it is not searched."""
        return self.as_dict().get(name, default)

    def __lt__(self, other: "Configuration") -> bool:
        """Order by the values, the first hyperparameter first."""
        return tuple(self.as_dict().values()) < tuple(other.as_dict().values())


def _typed(given: Mapping[str, Any]) -> dict[str, Value]:
    """Give values their types; where they are missing or have no effect, their defaults."""
    values: dict[str, Value] = {}
    for name, declared in hyperparameters().items():
        value = given.get(name)
        if is_missing(value) or not declared.applies(values):
            value = declared.default
            if value is None:
                raise KeyError(name)
        values[name] = declared.typed(value)
    return values


def _short(declared: Hyperparameter, value: Value) -> str:
    if not isinstance(value, float):
        return str(value)
    short = f"{value:.0e}" if declared.kind == "log_number" else f"{value:g}"
    return short if float(short) == value else repr(value)


def phrase(configuration: Configuration, without: tuple[str, ...] = ()) -> str:
    """Write the hyperparameters on one line, each by its phrase.

    Parameters
    ----------
    configuration : Configuration
    without : tuple of str
        Hyperparameters that are told elsewhere.
    """
    values = configuration.as_dict()
    told = {name: one.told(values[name]) for name, one in hyperparameters().items()}
    parts = []
    for name, one in hyperparameters().items():
        template = f"{one.words or name} {{value}}" if one.phrase is None else one.phrase
        if template and name not in without:
            parts.append(template.format(value=told[name], **told))
    return ", ".join(parts)
