"""``--params`` with lists: Kedro's own option splits them at their commas."""

import copy
from collections.abc import Iterator
from typing import Any

import click
from omegaconf import OmegaConf

_OPENS, _CLOSES = "[{", "]}"


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
        Values are read as YAML; a comma inside brackets or braces belongs to the value. A file
        given by ``--config`` brings a dict, which is returned.

    Returns
    -------
    dict
        Nested by the dots in the keys.

    Raises
    ------
    click.BadParameter
        If an item is no pair of key and value.
    """
    if isinstance(value, dict):
        return value
    items = [item.strip() for item in _items(value) if item.strip()]
    for item in items:
        key, equals, _ = item.partition("=")
        if not equals or not key.strip():
            message = f"Item `{item}` must contain a key and a value separated by `=`."
            raise click.BadParameter(message, context, option)
    read: Any = OmegaConf.to_container(OmegaConf.from_dotlist(items))
    return dict(read)


def with_lists(option: click.Parameter) -> click.Parameter:
    """Return a copy of ``--params`` that understands lists; any other option as it is."""
    if option.name != "params":
        return option
    ours = copy.copy(option)
    ours.callback = split_parameters
    return ours


def _items(value: str) -> Iterator[str]:
    depth, start = 0, 0
    for place, sign in enumerate(value):
        depth += (sign in _OPENS) - (sign in _CLOSES)
        if sign == "," and depth <= 0:
            yield value[start:place]
            start = place + 1
    yield value[start:]
