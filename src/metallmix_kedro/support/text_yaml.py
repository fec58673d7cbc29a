"""YAML files that people write and whose every value is text: dataset cards, mapping files.

PyYAML's base loader reads text, but takes the last of two equal keys without a word.
"""

from pathlib import Path
from typing import Any

import yaml

from metallmix_kedro.support.errors import InputError

MAX_BYTES = 1_000_000
"""Size above which a file was not written by hand."""


class _TextLoader(yaml.BaseLoader):
    """Reads every value as text, so that a class called ``no`` or ``1`` keeps its name."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping, refusing a key that stands in it twice."""
        keys = [key.value for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{', '.join(twice)} stands twice in a mapping", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)


def load_text_yaml(path: Path, kind: str, named_by: str) -> dict[str, Any]:
    """Read a YAML file that holds a mapping; all its values are text, lists and mappings.

    Parameters
    ----------
    path : Path
        The file, in UTF-8.
    kind : str
        What the file is, for messages: ``"Mapping file"``.
    named_by : str
        Where the path comes from, for messages: ``"parameter target.card"``.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the file is missing, too large, no YAML or no mapping.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{kind} {path} is too large to be one ({MAX_BYTES} bytes at most).")
        # A subclass of the loader that builds nothing but text, lists and mappings.
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_TextLoader)  # noqa: S506
    except OSError as error:
        raise InputError(f"{kind} {path} cannot be read: {error.strerror} ({named_by}).") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{kind} {path} is not valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{kind} {path} is {'not a mapping' if values else 'empty'}.")
    return values
