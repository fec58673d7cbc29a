"""What features are called: in tables, in sentences, and in a text that is checked."""

from collections.abc import Collection, Iterable, Mapping

from metallmix_kedro.declared import (
    MetaFeature,
    derived,
    features,
    hyperparameters,
    meta_features,
    titled,
)
from metallmix_kedro.search_space import Configuration, phrase


@derived
def called() -> Mapping[str, tuple[str, ...]]:
    """Return every word by which a text may call features, with the features it means.

    A group of meta-features, and a word that several have, mean all of them.
    """
    found: dict[str, dict[str, None]] = {}
    for name, one in features().items():
        group = one.group if isinstance(one, MetaFeature) else ""
        for word in (name, one.words, *one.also, group):
            if word:
                found.setdefault(word.casefold(), {})[name] = None
    return {word: tuple(names) for word, names in found.items()}


def short_name(meta_feature: str) -> str:
    """Say a meta-feature in one word: what it counts, or its first other name."""
    declared = meta_features()[meta_feature]
    if declared.kind == "whole_number" and not declared.group and declared.unit:
        return declared.unit
    return declared.also[0] if declared.also else meta_feature


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
