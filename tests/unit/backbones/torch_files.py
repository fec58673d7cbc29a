"""Write legacy torch files by hand, sound ones and hostile ones, without torch."""

import pickle
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER = b"".join(
    pickle.dumps(value, protocol=2)
    for value in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True})
)
STORAGE_TYPES = {"f4": "FloatStorage", "f8": "DoubleStorage", "i8": "LongStorage"}


def text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def integer(value: int) -> bytes:
    return pickle.dumps(value, protocol=2)[2:-1]


def integers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(integer, values)) + b"t"


def pickled_storage(key: str, storage_type: str, n_elements: int) -> bytes:
    described = text("storage") + b"ctorch\n" + storage_type.encode() + b"\n" + text(key)
    return b"(" + described + text("cpu") + integer(n_elements) + b"NtQ"


def pickled_view(
    storage: bytes, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> bytes:
    hooks = b"ccollections\nOrderedDict\n)R"
    arguments = storage + integer(offset) + integers(shape) + integers(strides) + b"\x89" + hooks
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + arguments + b"tR"


def pickled_dict(items: Mapping[str, bytes]) -> bytes:
    body = b"".join(text(name) + value for name, value in items.items())
    return b"\x80\x02}(" + body + b"u."


def stored(values: NDArray[Any]) -> bytes:
    return struct.pack("<q", values.size) + values.tobytes()


def torch_file(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """A sound file; an array with exotic strides keeps them, as torch would."""
    views, storages = {}, []
    for number, (name, tensor) in enumerate(tensors.items()):
        order = np.argsort([-stride for stride in tensor.strides], kind="stable")
        flat = np.ascontiguousarray(tensor.transpose(order)).ravel()
        strides = tuple(stride // tensor.itemsize for stride in tensor.strides)
        storage = pickled_storage(str(number), STORAGE_TYPES[tensor.dtype.str[1:]], tensor.size)
        views[name] = pickled_view(storage, 0, tensor.shape, strides)
        storages.append(flat)
    keys = [str(number) for number in range(len(tensors))]
    return (
        HEADER
        + pickled_dict(views)
        + pickle.dumps(keys, protocol=2)
        + b"".join(map(stored, storages))
    )
