"""Arrays that are computed once, kept on disk up to a bound, and read by rows.

An entry is a folder named by a hash of everything its arrays depend on, so it is either right or
absent; it appears whole or not at all, and all of them may be deleted at any time.
"""

import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.support import ParameterError, require
from metallmix_kedro.training.inputs.parameters import CacheParameters
from metallmix_kedro.training.inputs.rows import Rows, StoredRows

Arrays = list[NDArray[Any]]
_SEAL = "seal.json"
_PART = ".part-"
_GB = 10**9
_CLOCKS_DIFFER_S = 3600
"""By how much the clocks of machines that use one folder may differ."""


@dataclass(frozen=True, slots=True)
class CachedArrays:
    """Arrays with one row an image, and the wall time in seconds that computing them took."""

    arrays: list[Rows]
    seconds: float


def cache_key(**parts: Any) -> str:
    """Name an entry by a hash of everything it depends on."""
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class ArrayCache:
    """A folder of computed arrays, the least recently used of which give way to new ones.

    Several processes may use one folder: what two of them compute at the same time is kept once.

    Parameters
    ----------
    parameters : CacheParameters
        Where it is and how much disk and memory it may take.
    """

    def __init__(self, parameters: CacheParameters) -> None:
        self._root = Path(parameters.root)
        self._max_bytes = int(parameters.max_disk_gb * _GB)
        self._max_memory = int(parameters.max_memory_gb * _GB)

    def get(self, key: str, n_rows: int, compute: Callable[[], Iterable[Arrays]]) -> CachedArrays:
        """Read the entry named `key`, or compute and store it.

        Parameters
        ----------
        key : str
            Its name, see `cache_key`.
        n_rows : int
            Rows of each array.
        compute : callable
            Gives the arrays in parts of consecutive rows, so that no more than a part is ever in
            memory. The time counts from when it has returned.

        Returns
        -------
        CachedArrays
            Arrays that together are larger than ``max_memory_gb`` stay on disk and are read row
            by row.

        Raises
        ------
        ParameterError
            If the entry alone is larger than ``max_disk_gb``, or the folder cannot be written.
        """
        found = self._read(key, n_rows)
        if found is None:
            try:
                self._write(key, n_rows, compute)
            except OSError as error:
                raise ParameterError(
                    f"The cache folder {self._root} cannot be written ({error}). Free some disk "
                    "or lower experiment_grid.cache.max_disk_gb, or choose another "
                    "experiment_grid.cache.root."
                ) from error
            found = self._read(key, n_rows)
        if found is None:
            raise ParameterError(
                f"The cache folder {self._root} loses its entries as they are written. "
                "Another program may be deleting them; choose another experiment_grid.cache.root."
            )
        return found

    def _read(self, key: str, n_rows: int) -> CachedArrays | None:
        """Open an entry; None if it is absent or damaged (it is then computed again)."""
        entry = self._root / key
        try:
            stored, seconds = _open_entry(entry, n_rows)
            os.utime(entry / _SEAL)  # used just now
        except (OSError, ValueError, KeyError, TypeError):
            shutil.rmtree(entry, ignore_errors=True)
            return None
        if sum(rows.n_bytes for rows in stored) <= self._max_memory:
            everything = np.arange(n_rows)
            return CachedArrays([Rows(rows[everything]) for rows in stored], seconds)
        return CachedArrays(list[Rows](stored), seconds)

    def _write(self, key: str, n_rows: int, compute: Callable[[], Iterable[Arrays]]) -> None:
        parts = compute()
        self._root.mkdir(parents=True, exist_ok=True)
        self._remove_abandoned_parts()
        part = self._root / f"{_PART}{socket.gethostname()}-{os.getpid()}-{key}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        try:
            start = time.perf_counter()
            n_arrays = self._fill(part, n_rows, parts)
            seal = {"arrays": n_arrays, "seconds": time.perf_counter() - start}
            (part / _SEAL).write_text(json.dumps(seal))
            with suppress(OSError):  # another process was faster: its entry stays
                part.rename(self._root / key)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _fill(self, part: Path, n_rows: int, parts: Iterable[Arrays]) -> int:
        files: list[BinaryIO] = []
        try:
            for arrays in parts:
                if not files:
                    files = [(part / f"{i}.npy").open("wb") for i in range(len(arrays))]
                    for file, array in zip(files, arrays, strict=True):
                        _write_header(file, array, n_rows)
                    headers = sum(file.tell() for file in files)
                    self._make_room(headers + n_rows * sum(array[0].nbytes for array in arrays))
                for file, array in zip(files, arrays, strict=True):
                    file.write(np.ascontiguousarray(array).data)
        finally:
            for file in files:
                file.close()
        return len(files)

    def _make_room(self, n_bytes: int) -> None:
        if n_bytes > self._max_bytes:
            raise ParameterError(
                f"These images need {n_bytes / _GB:.3g} GB in the feature cache, and "
                f"experiment_grid.cache.max_disk_gb allows {self._max_bytes / _GB:.3g}. Raise it, "
                "or lower experiment_grid.protocol.subset_size or image_size."
            )
        sizes = {entry: _size(entry) for entry in self._entries()}
        for entry in sorted(sizes, key=_last_used):
            if sum(sizes.values()) + n_bytes <= self._max_bytes:
                return
            shutil.rmtree(entry, ignore_errors=True)
            del sizes[entry]

    def _entries(self) -> Iterator[Path]:
        return (entry for entry in self._root.iterdir() if (entry / _SEAL).is_file())

    def _remove_abandoned_parts(self) -> None:
        """Delete what processes of this machine left unfinished when they were killed."""
        psutil = require("psutil", "experiments")
        for part in self._root.glob(f"{_PART}*"):
            host, pid, _ = part.name.removeprefix(_PART).rsplit("-", 2)
            if host == socket.gethostname() and not psutil.pid_exists(int(pid)):
                shutil.rmtree(part, ignore_errors=True)


def _open_entry(entry: Path, n_rows: int) -> tuple[list[StoredRows], float]:
    """Open an entry's arrays; `ValueError` and others if one of them is not as it was written."""
    seal = json.loads((entry / _SEAL).read_text())
    stored = [StoredRows(entry / f"{i}.npy") for i in range(seal["arrays"])]
    if not stored or not all(rows.is_complete and rows.shape[0] == n_rows for rows in stored):
        raise ValueError(f"{entry} is not complete")
    return stored, float(seal["seconds"])


def _write_header(file: BinaryIO, array: NDArray[Any], n_rows: int) -> None:
    shape = (n_rows, *array.shape[1:])
    descr = np.lib.format.dtype_to_descr(array.dtype)
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _size(entry: Path) -> int:
    total = 0
    for file in entry.glob("*.npy"):
        with suppress(OSError):  # deleted meanwhile
            total += file.stat().st_size
    return total


def _last_used(entry: Path) -> float:
    """Tell when; a time to come was set by a clock that was wrong, and counts as long ago."""
    with suppress(OSError):
        used = (entry / _SEAL).stat().st_mtime
        return used if used < time.time() + _CLOCKS_DIFFER_S else 0.0
    return 0.0
