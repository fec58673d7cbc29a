"""Read the tensors of a legacy torch file without torch and without running what it pickles.

The format (torch before 1.6, or ``_use_new_zipfile_serialization=False``) is five pickles in a
row, namely a magic number, the protocol version, facts of the writing machine, the object itself
and the order of its storages, followed by the storages: each its number of elements and raw
little-endian values.
"""

import io
import math
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.support import WeightsError

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION = 1001
_ZIP_MAGIC = b"PK\x03\x04"
_COUNT_BYTES = 8
_DTYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "LongStorage": "<i8"}


class _View(NamedTuple):
    """A tensor as a window on a storage; offset and strides are counted in elements.

    ``storage`` holds a word, the type of its values, its key, and what is not needed here.
    """

    storage: tuple[Any, ...]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


# The one in Python: the one in C reserves as large a table as a damaged file may name.
class _TensorUnpickler(pickle._Unpickler):
    """An unpickler that can make dictionaries and views of storages, and nothing else.

    A pickle runs code only through what `find_class` hands it; the Python documentation names
    overriding it with an allow-list as the way to read pickles of unknown origin. None of the
    names below gives torch's own object: each is a plain stand-in.
    """

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            # A new function each time: what a pickle leaves on it is gone with it.
            return lambda *described: _View(*described[:4])
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no weights need")

    def persistent_load(self, pid: Any) -> Any:
        return pid


def read_torch_file(file: Path) -> dict[str, NDArray[np.generic]]:
    """Read all tensors of a state dictionary.

    Parameters
    ----------
    file : pathlib.Path
        A legacy (not zipped) torch file of floating point and int64 tensors.

    Returns
    -------
    dict of str to numpy.ndarray
        Each tensor by its name, in torch's own shape and order of axes.

    Raises
    ------
    WeightsError
        If the file cannot be read, is not of that format, is truncated, refers outside itself,
        or asks for any object besides tensors.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise WeightsError(f"The weights file {file} cannot be read: {error}.") from error
    if content.startswith(_ZIP_MAGIC):
        raise WeightsError(
            f"The weights file {file} is in torch's zipped format; only the legacy one is read. "
            f"Save it again with torch.save(..., _use_new_zipfile_serialization=False)."
        )
    stream = io.BytesIO(content)
    try:
        views, keys = _read_pickles(stream)
        storages = _read_storages(stream, views, keys)
        return {name: _tensor(view, storages[view.storage[2]]) for name, view in views.items()}
    except Exception as error:  # malformed pickles raise nearly every builtin error
        raise WeightsError(
            f"The weights file {file} is not a legacy torch file of weights, or is damaged: "
            f"{error or type(error).__name__}."
        ) from error


def _read_pickles(stream: io.BytesIO) -> tuple[Mapping[str, _View], list[str]]:
    if _unpickle(stream) != _MAGIC_NUMBER or _unpickle(stream) != _PROTOCOL_VERSION:
        raise pickle.UnpicklingError("it does not begin as one")
    machine = _unpickle(stream)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise pickle.UnpicklingError("it was not written on a little-endian machine")
    views, keys = _unpickle(stream), _unpickle(stream)
    if not isinstance(views, dict) or not all(isinstance(view, _View) for view in views.values()):
        raise pickle.UnpicklingError("it holds more than tensors by name")
    return views, keys


def _unpickle(stream: io.BytesIO) -> Any:
    """Read the next pickle of the stream, and no further."""
    return _TensorUnpickler(stream).load()


def _read_storages(
    stream: io.BytesIO, views: Mapping[str, _View], keys: list[str]
) -> dict[str, NDArray[np.generic]]:
    dtypes = {view.storage[2]: np.dtype(view.storage[1]) for view in views.values()}
    storages = {}
    for key in keys:
        n_elements = int.from_bytes(stream.read(_COUNT_BYTES), "little")
        raw = stream.read(n_elements * dtypes[key].itemsize)
        storages[key] = np.frombuffer(raw, dtypes[key], n_elements)
    if stream.read(1):
        raise ValueError("it goes on after its last storage")
    return storages


def _tensor(view: _View, storage: NDArray[np.generic]) -> NDArray[np.generic]:
    """Copy a view out of its storage; NumPy refuses one that does not stay inside."""
    # Strides of zero would blow a short storage up.
    if 0 in view.shape or math.prod(view.shape) > storage.size:
        raise ValueError(f"a tensor of shape {view.shape} reaches outside its storage")
    strides = [stride * storage.itemsize for stride in view.strides]
    offset = view.offset * storage.itemsize
    return np.ndarray(view.shape, storage.dtype, storage.data, offset, strides).copy()
