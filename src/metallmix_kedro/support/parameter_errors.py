"""Say what is wrong with parameters: the dotted name, the value, what is allowed, what was meant.

The words are taken from the JSON Schema of the parameter models, which holds the range and the
description of every field; pydantic's own messages name neither, nor the name that was meant.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

Schema = Mapping[str, Any]

_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matching {}",
}
_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def describe_offences(schema: Schema, offences: Iterable[ErrorDetails]) -> list[str]:
    """Describe each offence in one or two lines, every parameter once.

    Parameters
    ----------
    schema : mapping
        JSON Schema of the parameter model that refused.
    offences : iterable of pydantic_core.ErrorDetails
        As pydantic lists them.

    Returns
    -------
    list of str
        For example ``retrieval.k = 0: allowed is a whole number, at least 1 (Trials shown.)``.
    """
    described: dict[str, str] = {}
    for offence in offences:
        name, at = _locate(schema, offence)
        if offence["type"] == "extra_forbidden":
            said = _unknown(schema, at, name, offence["input"])
        elif offence["type"] == "missing":
            said = f"{name} is missing: {_allowed(schema, at)}"
        else:
            said = f"{name} = {offence['input']!r}: {_reason(offence) or _allowed(schema, at)}"
            said += _hint(offence)
        # A value that may be one of several things offends once for each of them.
        described.setdefault(name, said)
    return list(described.values())


def _hint(offence: ErrorDetails) -> str:
    """Say how to write a text that did not arrive as one."""
    if offence["type"] == "string_unicode":
        return "; its letters are not UTF-8: rename it, or work in a UTF-8 locale"
    if offence["type"] == "string_type" and isinstance(offence["input"], int | float):
        return "; YAML took it for a number or a truth value: write it in quotes"
    return ""


def _reason(offence: ErrorDetails) -> str:
    """Keep the message of a model's own check; pydantic's are said better by the range."""
    if offence["type"] in {"value_error", "assertion_error"}:
        return offence["msg"].split(", ", 1)[-1]
    return ""


def _locate(schema: Schema, offence: ErrorDetails) -> tuple[str, Schema]:
    """Walk to the offending field; what pydantic adds to the path for unions is passed over."""
    at: Schema = schema
    name = ""
    for part in offence["loc"]:
        below = next(iter(inside(options(schema, at), part)), None)
        unknown = offence["type"] == "extra_forbidden" and part == offence["loc"][-1]
        if below is not None or unknown:
            name += f"[{part}]" if isinstance(part, int) else f".{part}"
        at = at if below is None else below
    return name.lstrip("."), at


def options(schema: Schema, at: Schema) -> list[Schema]:
    """Resolve references and alternatives into plain schemas."""
    if "$ref" in at:
        return options(schema, schema["$defs"][at["$ref"].rsplit("/", 1)[-1]])
    alternatives = at.get("anyOf") or at.get("oneOf") or at.get("allOf")
    if alternatives:
        return [option for each in alternatives for option in options(schema, each)]
    return [at]


def inside(at: Iterable[Schema], part: int | str) -> list[Schema]:
    """Return what plain schemas say of an item or a key, references unresolved."""
    found = (_below(option, part) for option in at)
    return [below for below in found if isinstance(below, Mapping)]


def _below(option: Schema, part: int | str) -> Any:
    """Return what a plain schema says of an item or a key; nothing if it knows none."""
    if isinstance(part, int):
        prefix = option.get("prefixItems", ())
        return prefix[part] if part < len(prefix) else option.get("items")
    if part in option.get("properties", {}):
        return option["properties"][part]
    patterns = option.get("patternProperties", {})
    return next(iter(patterns.values()), option.get("additionalProperties"))


def _unknown(schema: Schema, at: Schema, name: str, value: object) -> str:
    """Say that a name is unknown, and which one was probably meant."""
    known = list(known_names(schema))
    parent, dot, last = name.rpartition(".")
    siblings = [key for option in options(schema, at) for key in option.get("properties", ())]
    nearest = (
        [f"{parent}{dot}{key}" for key in get_close_matches(last, siblings, n=1)]
        or [full for full in known if full.rpartition(".")[2] == last]
        or get_close_matches(name, known, n=1, cutoff=0.8)
    )
    meant = f" Did you mean {nearest[0]}?" if nearest else ""
    listed = f" Known are: {', '.join(siblings)}." if siblings and not nearest else ""
    return f"{name} = {value!r}: there is no such parameter.{meant}{listed}"


def known_names(schema: Schema, at: Schema | None = None, prefix: str = "") -> Iterator[str]:
    """Yield the dotted name of every parameter, groups before what is in them."""
    for option in options(schema, schema if at is None else at):
        for key, below in option.get("properties", {}).items():
            yield prefix + key
            yield from known_names(schema, below, f"{prefix}{key}.")


def _allowed(schema: Schema, at: Schema) -> str:
    """Say what a field may be, and what it is for; where it is a group, that it is one."""
    choices = [words for option in options(schema, at) if (words := _choice(option))]
    allowed = f"allowed is {' or '.join(dict.fromkeys(choices)) or 'something else'}"
    meaning = at.get("description", "").rstrip(".")
    return f"{allowed} ({meaning})" if meaning else allowed


def _choice(option: Schema) -> str:
    if "enum" in option:
        return "one of " + ", ".join(map(str, option["enum"]))
    if "const" in option:
        return str(option["const"])
    bounds = [text.format(option[key]) for key, text in _BOUNDS.items() if key in option]
    kind = _TYPES.get(option.get("type", ""), "")
    if option.get("type") == "array" and isinstance(option.get("items"), Mapping):
        items = _choice(option["items"])
        kind += f" (each {items})" if items else ""
    return ", ".join([kind, *bounds]) if kind else ""
