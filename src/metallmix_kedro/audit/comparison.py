"""Compare what a replay made with what was recorded, byte by byte, and say where they differ."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

from metallmix_kedro.audit.record import DatasetVersion

MAX_DIFFERENCES = 20
"""Differences listed for one output; more do not help to find the cause."""

_ABSENT = object()


@dataclass(frozen=True)
class Comparison:
    """One output of a replayed run.

    Attributes
    ----------
    name : str
        Of the dataset.
    version : str
        The recorded one.
    identical : bool
        Whether the replay made the very bytes whose hash was recorded.
    stored_intact : bool or None
        Whether the stored version still has the recorded hash; None if it was deleted.
    differences : tuple of str
        For JSON that differs, the paths within it with both values, at most `MAX_DIFFERENCES`.
    """

    name: str
    version: str
    identical: bool
    stored_intact: bool | None
    differences: tuple[str, ...] = field(default=())


def compare_bytes(
    name: str, recorded: DatasetVersion, stored: bytes | None, replayed: bytes
) -> Comparison:
    """Compare a replayed output with the recorded hash and with what is stored today.

    Parameters
    ----------
    name : str
        Of the dataset.
    recorded : DatasetVersion
        Version and hash from the run record.
    stored : bytes or None
        The stored version as it lies there now; None if it is gone.
    replayed : bytes
        What the replay would have stored.
    """
    differences: tuple[str, ...] = ()
    if stored is not None and stored != replayed:
        differences = tuple(islice(_differences(stored, replayed), MAX_DIFFERENCES))
    return Comparison(
        name=name,
        version=recorded.version,
        identical=sha256(replayed).hexdigest() == recorded.sha256,
        stored_intact=None if stored is None else sha256(stored).hexdigest() == recorded.sha256,
        differences=differences,
    )


def _differences(stored: bytes, replayed: bytes) -> Iterator[str]:
    try:
        yield from json_differences(json.loads(stored), json.loads(replayed))
    except ValueError:
        return


def json_differences(stored: Any, replayed: Any, path: str = "$") -> Iterator[str]:
    """Walk two JSON values together and yield ``path: stored -> replayed`` where they differ.

    Examples
    --------
    >>> list(json_differences({"a": [1, 2]}, {"a": [1, 3], "b": None}))
    ['$.a[1]: 2 -> 3', '$.b: (absent) -> null']
    """
    if isinstance(stored, dict) and isinstance(replayed, dict):
        for key in sorted(stored.keys() | replayed.keys()):
            yield from json_differences(
                stored.get(key, _ABSENT), replayed.get(key, _ABSENT), f"{path}.{key}"
            )
    elif isinstance(stored, list) and isinstance(replayed, list):
        for index in range(max(len(stored), len(replayed))):
            yield from json_differences(
                stored[index] if index < len(stored) else _ABSENT,
                replayed[index] if index < len(replayed) else _ABSENT,
                f"{path}[{index}]",
            )
    elif type(stored) is not type(replayed) or stored != replayed:
        yield f"{path}: {_short(stored)} -> {_short(replayed)}"


def _short(value: Any, limit: int = 60) -> str:
    if value is _ABSENT:
        return "(absent)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "…"
