"""What must not go wrong silently between two runs of one grid."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from metallmix_kedro.grid.record import Record
from metallmix_kedro.support import InputError, require


@contextmanager
def claimed(lock: Path) -> Iterator[None]:
    """Keep other runs out while this one measures; the system frees the claim however it ends.

    Raises
    ------
    InputError
        If another run holds the claim.
    """
    filelock = require("filelock", "experiments")
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(lock, timeout=0):
            yield
    except filelock.Timeout as error:
        raise InputError(
            f"Another run is measuring into the same store (it holds {lock}). Two would measure "
            "the same trials twice: wait until it ends, or give this one a data_root of its own."
        ) from error


def check_unchanged(hashes: Mapping[str, str], finished: Iterable[Record]) -> None:
    """Make sure that trials measured earlier were measured on the same images.

    Parameters
    ----------
    hashes : mapping of str to str
        Hash of each dataset's images and labels, now.
    finished : iterable of dict
        Records of earlier trials.

    Raises
    ------
    InputError
        If a dataset of that name had other images or labels then.
    """
    measured = (record for record in finished if record["source"] == "measured")
    changed = Counter(
        record["dataset"]
        for record in measured
        if hashes.get(record["dataset"], record["data_hash"]) != record["data_hash"]
    )
    if changed:
        listed = ", ".join(f"{name} ({count} trials)" for name, count in sorted(changed.items()))
        raise InputError(
            f"The images or labels of these datasets have changed since trials were measured on "
            f"them: {listed}. Trials of two versions must not be compared under one name: give "
            "the changed dataset another name in data_ingestion.registry, or restore its files "
            "and run data_ingestion and meta_features again."
        )
