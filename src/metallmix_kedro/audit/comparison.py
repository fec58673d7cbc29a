"""Compare what a replay made with what was recorded, byte by byte, and say where they differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from hashlib import sha256
from itertools import islice

from metallmix_kedro.audit.record import DatasetVersion

MAX_DIFFERENCES = 20
"""Lines listed of one output that differs; more do not help to find the cause."""

LONGEST_LINE = 120


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
        The lines of a text that differ, at most `MAX_DIFFERENCES`.
    """

    name: str
    version: str
    identical: bool
    stored_intact: bool | None
    differences: tuple[str, ...] = ()


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
    """Yield the lines that differ, as ``diff`` does; nothing where one of both is no text."""
    try:
        texts = stored.decode().splitlines(), replayed.decode().splitlines()
    except UnicodeDecodeError:
        return
    for line in islice(unified_diff(*texts, n=0, lineterm=""), 2, None):  # after the file names
        yield line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…"
