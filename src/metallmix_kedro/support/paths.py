"""Paths in parameters: what stands in ``conf/`` starts at the project, what is typed where one is.

Kedro does the same for the catalog. Which parameters are paths is said by their types: `FilePath`,
or `pathlib.Path`, which JSON Schema both call a string of the format ``path``.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from metallmix_kedro.support.parameter_errors import Schema, inside, options

FilePath = Annotated[str, Field(min_length=1, json_schema_extra={"format": "path"})]
"""A path as text, kept as it was written."""


def from_project(values: Any, schema: Schema, project: Path) -> Any:
    """Return parameters whose relative paths start at the project's folder.

    Parameters
    ----------
    values : Any
        Parameters; they are not changed.
    schema : mapping
        JSON Schema of their model.
    project : Path
        The project's folder, absolute.
    """
    return _replaced(
        values, schema, options(schema, schema), lambda text: str(project / _expanded(text))
    )


def as_typed(values: Any, schema: Schema, here: Path, project: Path) -> Any:
    """Return parameters of the command line as one would write them in the project's ``conf/``.

    Parameters
    ----------
    values : Any
        Parameters; they are not changed.
    schema : mapping
        JSON Schema of their model.
    here : Path
        The folder in which they were typed, absolute.
    project : Path
        The project's folder; what lies in it stays relative, so that a record of the run holds
        in a copy of the project elsewhere.
    """

    def written(text: str) -> str:
        full = here / _expanded(text)
        return str(full.relative_to(project) if full.is_relative_to(project) else full)

    return _replaced(values, schema, options(schema, schema), written)


def _expanded(text: str) -> Path:
    # Unlike Path.expanduser, it leaves the home of a user who does not exist as it is.
    return Path(os.path.expanduser(text))  # noqa: PTH111


def _replaced(
    value: Any, schema: Schema, allowed: list[Schema], change: Callable[[str], str]
) -> Any:
    """Change every text that may be a path and nothing else."""
    if isinstance(value, Mapping):
        return {
            key: _replaced(one, schema, _inside(schema, allowed, key), change)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            _replaced(one, schema, _inside(schema, allowed, place), change)
            for place, one in enumerate(value)
        ]
    is_path = isinstance(value, str) and value and any(_names_a_file(one, value) for one in allowed)
    return change(value) if is_path else value


def types_at(schema: Schema, path: Iterable[int | str]) -> list[Schema]:
    """Return what may stand at a place of a model; nothing where there is no such place."""
    allowed = options(schema, schema)
    for part in path:
        allowed = _inside(schema, allowed, part)
    return allowed


def _inside(schema: Schema, allowed: list[Schema], part: int | str) -> list[Schema]:
    return [one for inner in inside(allowed, part) for one in options(schema, inner)]


def _names_a_file(option: Schema, text: str) -> bool:
    word = option.get("not", {}).get("pattern")  # a word of its own meaning, not a file
    return option.get("format") == "path" and not (word and re.search(word, text))
