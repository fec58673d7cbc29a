"""Read the tensors of a legacy torch file without torch and without running what it pickles.

The format (torch before 1.6, or ``_use_new_zipfile_serialization=False``) is five pickles in a
row, namely a magic number, the protocol version, facts of the writing machine, the object itself
and the order of its storages, followed by the storages: each its number of elements and raw
little-endian values.
"""

import io
import math
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.support import WeightsError

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION = 1001
_ZIP_MAGIC = b"PK\x03\x04"
_COUNT_BYTES = 8
_MOST_MEMO_ENTRIES = 1_000_000
_DTYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "LongStorage": "<i8"}


@dataclass(frozen=True, slots=True)
class _Storage:
    """A run of values in the file, named by a key; several tensors may view one."""

    key: str
    dtype: str
    n_elements: int


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor as a window on a storage; offset and strides are counted in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _RebuildTensor:
    """Stands in for ``torch._utils._rebuild_tensor_v2``: notes the view, touches no values.

    It has no ``__dict__``, so that a pickle cannot leave anything behind on it.
    """

    __slots__ = ()

    def __call__(
        self,
        storage: Any,
        offset: Any,
        shape: Any,
        strides: Any,
        *_requires_grad_and_hooks: Any,
    ) -> _View:
        numbers = (offset, *shape, *strides)
        if not isinstance(storage, _Storage) or not all(_is_count(n) for n in numbers):
            raise pickle.UnpicklingError("a tensor is not described by storage and counts")
        return _View(storage, offset, tuple(shape), tuple(strides))


class _TensorUnpickler(pickle.Unpickler):
    """An unpickler that can make dictionaries and views of storages, and nothing else.

    A pickle runs code only through what `find_class` hands it; the Python documentation names
    overriding it with an allow-list as the way to read pickles of unknown origin. None of the
    names below gives torch's own object: each is a plain stand-in, immutable or empty.
    """

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _RebuildTensor()
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no weights need")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _device, n_elements, view = pid
        is_known = kind == "storage" and dtype in _DTYPES.values() and view is None
        if not is_known or not isinstance(key, str) or not _is_count(n_elements):
            raise pickle.UnpicklingError("a storage is not described by type, key and size")
        return _Storage(key, dtype, n_elements)


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
        return {name: _tensor(view, storages[view.storage.key]) for name, view in views.items()}
    except Exception as error:  # malformed pickles raise nearly every builtin error
        raise WeightsError(
            f"The weights file {file} is not a legacy torch file of weights, or is damaged: "
            f"{error or type(error).__name__}."
        ) from error


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


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
    """Read the next pickle of the stream.

    `pickletools.genops` takes it apart first, running nothing, because a memo index alone makes
    the unpickler reserve a table of that many entries.
    """
    start = stream.tell()
    for opcode, argument, _ in pickletools.genops(stream):
        if "PUT" in opcode.name and (argument or 0) > _MOST_MEMO_ENTRIES:
            raise pickle.UnpicklingError(f"a pickle asks for {argument} memo entries")
    stream.seek(start)
    return _TensorUnpickler(stream).load()


def _read_storages(
    stream: io.BytesIO, views: Mapping[str, _View], keys: list[str]
) -> dict[str, NDArray[np.generic]]:
    declared: dict[str, _Storage] = {}
    for view in views.values():
        if declared.setdefault(view.storage.key, view.storage) != view.storage:
            raise ValueError(f"storage {view.storage.key} is described in two ways")
    if declared.keys() != set(keys):
        raise ValueError("its list of storages is not that of its tensors")
    storages = {}
    for key in keys:
        storage = declared[key]
        n_elements = int.from_bytes(stream.read(_COUNT_BYTES), "little")
        if n_elements != storage.n_elements:
            raise ValueError(f"storage {key} has {n_elements} values, not {storage.n_elements}")
        dtype = np.dtype(storage.dtype)
        raw = stream.read(n_elements * dtype.itemsize)
        if len(raw) != n_elements * dtype.itemsize:
            raise ValueError(f"storage {key} is cut short")
        storages[key] = np.frombuffer(raw, dtype)
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
