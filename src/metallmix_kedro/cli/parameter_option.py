"""``--params`` and ``--params-file``: names and paths arrive as they are typed.

Kedro's own option splits a value at its commas and has YAML guess the type of what is left: a name
``007`` becomes a number, and ``photos #1`` loses its end. Here the parameters' own types decide.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from metallmix_kedro.all_parameters import schema
from metallmix_kedro.support import InputError, types_at

_KEY = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_NEXT = re.compile(rf",(?=\s*{_KEY.pattern}\s*=)")
"""A comma that ends a value: a name and ``=`` follow it."""

AS_FILE = "Write it into a YAML file, and name that with --params-file."

params_file_option = click.option(
    "--params-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML file of parameters, nested as in conf/; for values that --params cannot take. "
    "Relative paths in it start at the working folder; --params goes before it.",
)


def split_parameters(
    context: click.Context, option: click.Parameter, value: str | dict[str, Any]
) -> dict[str, Any]:
    """Read ``key=value,other=[a,b]`` into nested parameters.

    Parameters
    ----------
    context : click.Context
    option : click.Parameter
        ``--params``, for messages.
    value : str or dict
        What is text by its parameter's type is taken as it stands, commas included, up to the next
        ``,name=``; anything else is read as YAML. A file given by ``--config`` brings a dict,
        which is returned.

    Returns
    -------
    dict
        Nested by the dots in the keys.

    Raises
    ------
    click.BadParameter
        If an item is no pair of key and value, is named twice, or cannot be read without guessing.
    """
    if isinstance(value, dict):
        return value
    pairs: dict[str, Any] = {}
    try:
        for piece in _NEXT.split(value) if value.strip() else ():
            key, read = _pair(piece, pairs)
            pairs[key] = read
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from None
    found: dict[str, Any] = {}
    for key, nested in pairs.items():
        for part in reversed(key.split(".")):
            nested = {part: nested}
        found = merged(found, nested)
    return found


def merged(below: Mapping[Any, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested parameters; where both have a value, `above` wins."""
    both = dict(below)
    for key, value in above.items():
        inner = both.get(key)
        if isinstance(inner, Mapping) and isinstance(value, Mapping):
            both[key] = merged(inner, value)
        else:
            both[key] = value
    return both


def read_parameter_file(path: Path | None) -> dict[str, Any]:
    """Read the file of ``--params-file``; without one there are no parameters.

    Raises
    ------
    InputError
        If it is no YAML file of a mapping.
    """
    if path is None:
        return {}
    try:
        read = OmegaConf.to_container(OmegaConf.load(path))
    except (OSError, ValueError, YAMLError, OmegaConfBaseException) as error:
        raise InputError(f"{path} (--params-file) cannot be read as YAML: {error}") from error
    if not isinstance(read, dict):
        raise InputError(f"{path} (--params-file) holds no parameters, nested as in conf/.")
    return {str(key): value for key, value in read.items()}


def _pair(piece: str, earlier: Iterable[str]) -> tuple[str, Any]:
    """Read ``key=value``; refuse a key that stands in an earlier one, or one in it."""
    key, equals, text = piece.partition("=")
    key = key.strip()
    if not equals or not _KEY.fullmatch(key):
        raise ValueError(f"Item `{piece.strip()}` must contain a key and a value separated by `=`.")
    for other in earlier:
        if f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}."):
            raise ValueError(f"{key} is given twice: {other} is given as well.")
    if _kinds(key.split(".")) in ({"string"}, {"string", "null"}):
        return key, _as_typed(key, text)
    return key, _as_yaml(key, text.strip())


def _kinds(path: list[Any]) -> set[Any]:
    """Return the types that a parameter may have; none where there is no such parameter."""
    return {one.get("type") for one in types_at(schema(), path)}


def _as_typed(key: str, text: str) -> str | None:
    if not text.strip():
        raise ValueError(f"{key} has no value; for none write {key}=null.")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        raise ValueError(
            f"{key}={text}: quotes would be part of the value, which is taken as it is typed. "
            f"Write {key}={text[1:-1]}, in the shell's own quotes if need be. If quotes do belong "
            f"to the value: {AS_FILE}"
        )
    return None if text == "null" else text


def _as_yaml(key: str, text: str) -> Any:
    if text.startswith("[") and _kinds([*key.split("."), 0]) == {"string"}:
        return _texts(key, text)
    if re.search(r"(^|\s)#", text):
        raise ValueError(f"{key}={text}: what follows the # would be lost. {AS_FILE}")
    if not text:
        raise ValueError(f"{key} has no value; for none write {key}=null.")
    if text[0] not in "[{" and "," in text:
        rest = text.partition(",")[2].strip()
        raise ValueError(f"Item `{rest}` must contain a key and a value separated by `=`.")
    try:
        read: Any = OmegaConf.to_container(OmegaConf.from_dotlist([f"value={text}"]))
    except (YAMLError, OmegaConfBaseException) as error:
        why = getattr(error, "problem", None) or "no valid YAML"
        raise ValueError(f"{key}={text} cannot be read ({why}). {AS_FILE}") from None
    return read["value"]


def _texts(key: str, text: str) -> list[str]:
    """Read a list of texts, each as it is typed but for blanks around it."""
    inside = text[1:-1].strip()
    listed = [one.strip() for one in inside.split(",")] if inside else []
    if not text.endswith("]") or "" in listed or set(inside) & set("[]{}\"'"):
        raise ValueError(f"{key}={text} is no plain list [a,b] of texts. {AS_FILE}")
    return listed
