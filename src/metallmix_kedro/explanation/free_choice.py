"""The paper's own way: the model composes a configuration of the whole grid (section 2.4)."""

from typing import Any

from metallmix_kedro.attribution import readable_value
from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.explanation.claims import Offered, explanation_schema
from metallmix_kedro.explanation.evidence import Candidate, Evidence, same_value
from metallmix_kedro.explanation.prompt import plain_value
from metallmix_kedro.language_models import UnusableReplyError, load_object, short
from metallmix_kedro.search_space import Configuration, SearchSpace

FREE_CHOICE = "free_choice"
"""Role of the candidate that a language model composed."""


def free_schema(space: SearchSpace, may_cite: Offered) -> dict[str, Any]:
    """Return the JSON Schema of a free choice: one value of each list, and claims that explain it.

    What is composed is not known yet, so that a claim may turn out not to hold of it.
    """
    values = {name: {"enum": list(space.values(name))} for name in configuration_columns()}
    return explanation_schema(may_cite, **values)


def grid_rows(space: SearchSpace) -> list[tuple[str, list[str]]]:
    """Return the values of the space as text, by hyperparameter."""
    return [
        (name, [plain_value(readable_value(name, value)) for value in space.values(name)])
        for name in configuration_columns()
    ]


def parse_free(raw: str, space: SearchSpace) -> Configuration:
    """Read a configuration out of a model's text.

    Raises
    ------
    UnusableReplyError
        If the text is not such an object, or a value of it does not stand in its list.
    """
    answer = load_object(raw)
    return Configuration.from_mapping(
        {name: _chosen(name, answer.get(name), space) for name in configuration_columns()}
    )


def _chosen(name: str, value: object, space: SearchSpace) -> object:
    """Return the value of the list that is meant; a number may be written in any manner."""
    for choice in space.values(name):
        if isinstance(value, str) == isinstance(choice, str) and same_value(value, choice):
            return choice
    listed = ", ".join(readable_value(name, choice) for choice in space.values(name))
    raise UnusableReplyError(f"'{name}' is {short(value)}; it has to be one of {listed}")


def only(configuration: Configuration, space: SearchSpace) -> SearchSpace:
    """Return the space that holds this configuration alone."""
    return space.model_copy(
        update={name: (getattr(configuration, name),) for name in configuration_columns()}
    )


def with_free_choice(evidence: Evidence, scored: Candidate) -> Evidence:
    """Add a free choice to the candidates, unless it is one of them already.

    Parameters
    ----------
    evidence : Evidence
    scored : Candidate
        The configuration with the surrogate's prediction; its reference and roles are replaced.
    """
    if any(one.configuration == scored.configuration for one in evidence.candidates):
        return evidence
    ref = f"C{len(evidence.candidates) + 1}"
    added = scored.model_copy(update={"ref": ref, "roles": (FREE_CHOICE,)})
    return evidence.model_copy(update={"candidates": (*evidence.candidates, added)})
