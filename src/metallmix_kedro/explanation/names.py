"""What features and their values are called, in tables and in sentences."""

from collections.abc import Collection, Iterable, Sequence

from metallmix_kedro.declared import features, hyperparameters, titled
from metallmix_kedro.search_space import Configuration, phrase


def told(feature: str, value: object) -> str:
    """Write a feature's value, or its text, as it stands in a table for people."""
    declared = features().get(feature)
    return str(value) if declared is None else declared.told(value)


def named_value(feature: str, value: object) -> str:
    """Name a hyperparameter's value in a sentence, with the hyperparameter if it needs that."""
    declared = hyperparameters()[feature]
    if declared.value_words or declared.value_prose:
        return declared.in_prose(value)
    return f"{declared.words or feature} {declared.told(value)}"


def title_in_prose(configuration: Configuration) -> str:
    """Name what stands in the title: the first hyperparameter with what goes with it."""
    return " with ".join(_named(configuration, titled()))


def all_in_prose(configuration: Configuration) -> str:
    """Name the title and every other hyperparameter: words before rates, shares and counts."""
    rest = [name for name in configuration.as_dict() if name not in titled()]
    rest.sort(key=lambda name: _KINDS.index(hyperparameters()[name].kind))
    parts = [one for one in (title_in_prose(configuration), *_named(configuration, rest)) if one]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


_KINDS = ("category", "ordered", "log_number", "number", "whole_number")


def _named(configuration: Configuration, names: Sequence[str]) -> list[str]:
    values = configuration.as_dict()
    return [named_value(name, _plain(values[name])) for name in names]


def _plain(value: object) -> object:
    """Write a rate out: no power of ten, which is hard to read in a sentence."""
    return f"{value:g}" if isinstance(value, float) else value


def column_names() -> tuple[str, ...]:
    """Name the hyperparameters that have a column of their own in a short table."""
    return tuple(name for name, one in hyperparameters().items() if one.shown == "column")


def rows(configuration: Configuration, names: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """Return hyperparameters, by default all, as pairs of name and value in words."""
    values = configuration.as_dict()
    wanted = values if names is None else names
    return [(name.replace("_", " "), told(name, values[name])) for name in wanted]


def title(configuration: Configuration) -> str:
    """Write what stands in a configuration's title; where nothing is declared to, all of it."""
    names = titled()
    return _phrase_of(configuration, names) if names else phrase(configuration)


def title_parts(configuration: Configuration) -> tuple[str, str]:
    """Write the first hyperparameter of the title, and the others; empty where there are none."""
    first, *others = titled() or ("",)
    return _phrase_of(configuration, (first,)), _phrase_of(configuration, others)


def details(configuration: Configuration) -> str:
    """Write what its title leaves out."""
    return phrase(configuration, without=titled()) if titled() else ""


def _phrase_of(configuration: Configuration, names: Collection[str]) -> str:
    left_out = tuple(name for name in configuration.as_dict() if name not in names)
    return phrase(configuration, without=left_out)
