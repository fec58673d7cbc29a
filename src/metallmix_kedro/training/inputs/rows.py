"""Arrays of which only some rows are needed at a time, in memory or on disk."""

from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.training.inputs.splits import Indices

Array = NDArray[Any]


class Rows:
    """The rows of one array.

    Parameters
    ----------
    array : numpy.ndarray
        Shape (n_rows, ...).
    """

    def __init__(self, array: Array) -> None:
        self._array = array
        self.shape: tuple[int, ...] = array.shape

    def __getitem__(self, rows: Indices) -> Array:
        """Copy some rows, in the order asked for."""
        return self._array[rows]


class StoredRows(Rows):
    """The rows of an array in a file, read when they are asked for.

    The file stays open, so it may be deleted meanwhile. It is not mapped into memory, which
    therefore grows by what is asked for and no more.

    Parameters
    ----------
    path : Path
        A ``.npy`` file (format 1.0) of a C-contiguous array.

    Raises
    ------
    OSError, ValueError
        If there is no such file, or it is not one of these.
    """

    def __init__(self, path: Path) -> None:
        self._file = FileIO(path)
        if np.lib.format.read_magic(self._file) != (1, 0):
            raise ValueError(f"{path} is not of format 1.0")
        try:
            header = np.lib.format.read_array_header_1_0(self._file)
        except Exception as error:  # NumPy reads it as Python, which fails in many ways
            raise ValueError(f"{path} has a damaged header") from error
        self.shape, is_fortran, self._dtype = header
        if is_fortran or self._dtype.hasobject or not self.shape:
            raise ValueError(f"{path} is not a C-contiguous array of rows")
        self._start = self._file.tell()
        self._row_bytes = int(np.prod(self.shape[1:], dtype=np.int64)) * self._dtype.itemsize
        self.n_bytes = self.shape[0] * self._row_bytes
        self.is_complete = path.stat().st_size == self._start + self.n_bytes

    def __getitem__(self, rows: Indices) -> Array:
        """Read some rows, in the order asked for; `OSError` if the file has lost them."""
        found = np.empty((len(rows), *self.shape[1:]), dtype=self._dtype)
        for position, row in enumerate(rows):
            self._file.seek(self._start + int(row) * self._row_bytes)
            n_read = self._file.readinto(found[position : position + 1].view(np.uint8).data)
            if n_read != self._row_bytes:
                raise OSError(f"{self._file.name} ends before row {row}")
        return found


class MappedRows(Rows):
    """Rows that a function is applied to when they are asked for.

    Parameters
    ----------
    rows : Rows
        Where they come from.
    function : callable
        From rows to as many rows of the same shape.
    """

    def __init__(self, rows: Rows, function: Callable[[Array], Array]) -> None:
        self._rows = rows
        self._function = function
        self.shape = rows.shape

    def __getitem__(self, rows: Indices) -> Array:
        """Take some rows and apply the function to them."""
        return self._function(self._rows[rows])
