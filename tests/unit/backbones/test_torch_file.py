import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from metallmix_kedro.backbones.torch_file import read_torch_file
from metallmix_kedro.support.errors import WeightsError
from tests.unit.backbones.torch_files import (
    HEADER,
    pickled_dict,
    pickled_storage,
    pickled_view,
    stored,
    torch_file,
)

VALUES = np.arange(6, dtype="<f4")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("torch") / "weights.pth"


def one_view(offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    """A file with one tensor, a view of a storage of six values."""
    view = pickled_view(pickled_storage("0", "FloatStorage", 6), offset, shape, strides)
    return HEADER + pickled_dict({"w": view}) + pickle.dumps(["0"], protocol=2) + stored(VALUES)


@given(
    tensors=st.dictionaries(
        st.text(max_size=8),
        hnp.arrays(
            st.sampled_from(["<f4", "<f8", "<i8"]), hnp.array_shapes(min_dims=0, max_side=4)
        ),
        max_size=4,
    ),
    transposed=st.booleans(),
)
def test_reads_back_what_was_written(
    path: Path, tensors: dict[str, np.ndarray], transposed: bool
) -> None:
    if transposed:
        tensors = {name: tensor.T for name, tensor in tensors.items()}
    path.write_bytes(torch_file(tensors))
    found = read_torch_file(path)
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        np.testing.assert_array_equal(found[name], tensor)


def test_reads_a_view_with_offset_and_strides(path: Path) -> None:
    path.write_bytes(one_view(1, (2, 2), (1, 3)))
    np.testing.assert_array_equal(read_torch_file(path)["w"], [[1, 4], [2, 5]])


@given(data=st.data())
def test_a_file_cut_anywhere_is_refused(path: Path, data: st.DataObject) -> None:
    whole = torch_file({"a": VALUES.reshape(2, 3), "b": np.ones((), "<i8")})
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(WeightsError, match=path.name):
        read_torch_file(path)


@given(data=st.data())
def test_a_damaged_byte_never_gives_another_error(path: Path, data: st.DataObject) -> None:
    content = bytearray(torch_file({"a": VALUES.reshape(2, 3), "b": np.ones((), "<i8")}))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        found = read_torch_file(path)
    except WeightsError:
        return
    assert all(isinstance(tensor, np.ndarray) for tensor in found.values())


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (1, (6,), (1,)),
        (0, (7,), (1,)),
        (0, (2, 3), (4, 1)),
        (6, (), ()),
        (0, (2, 3), (1,)),
        (0, (2**40,), (0,)),
        (-1, (2,), (1,)),
        (0, (0,), (1,)),
    ],
)
def test_a_view_outside_its_storage_is_refused(
    path: Path, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    path.write_bytes(one_view(offset, shape, strides))
    with pytest.raises(WeightsError):
        read_torch_file(path)


class Hostile:
    """Pickles as a call of a function with arguments."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self._call


def hostile_objects(canary: Path) -> dict[str, Any]:
    touch = f"touch {canary}"
    return {
        "os.system": Hostile(os.system, touch),
        "builtins.eval": Hostile(eval, f"open({str(canary)!r}, 'w')"),
        "builtins.getattr": Hostile(getattr, "", "join"),
        "nested in a dictionary": {"weights": [({"w": Hostile(os.system, touch)},)]},
        "nested in arguments": Hostile(dict, [("w", Hostile(os.system, touch))]),
        "a class": Hostile(type, "T", (), {}),
    }


@pytest.mark.parametrize("name", hostile_objects(Path("canary")))
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("place", ["magic number", "object"])
def test_a_pickle_that_would_run_something_is_refused(
    tmp_path: Path, name: str, protocol: int, place: str
) -> None:
    canary = tmp_path / "canary"
    hostile = pickle.dumps(hostile_objects(canary)[name], protocol=protocol)
    file = tmp_path / "hostile.pth"
    file.write_bytes(hostile if place == "magic number" else HEADER + hostile)
    with pytest.raises(WeightsError, match="which no weights need"):
        read_torch_file(file)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged"),
        (b"not a pickle at all", "damaged"),
        (b"PK\x03\x04 and so on", "zipped format"),
        (pickle.dumps(1, protocol=2), "does not begin as one"),
        (HEADER.replace(b"\x88", b"\x89"), "little-endian"),
        (HEADER + pickle.dumps([1], protocol=2) * 2, "more than tensors"),
        (HEADER + pickle.dumps({"w": 1}, protocol=2) * 2, "more than tensors"),
        (torch_file({"w": VALUES}) + b"\x00", "goes on after"),
        (torch_file({"w": VALUES})[: -VALUES.nbytes] + b"\x00", "smaller than requested"),
        (HEADER + b"\x80\x02Nr" + struct.pack("<I", 2**31) + b".", "damaged"),
        (HEADER + b"\x80\x02ctorch\nFloatStorage\n}X\x01\x00\x00\x00aK\x01sb.", "damaged"),
        (HEADER + b"\x80\x02ctorch\nHalfStorage\n.", "torch.HalfStorage"),
        (HEADER + pickled_dict({}) + pickle.dumps(["0"], protocol=2), "damaged"),
    ],
)
def test_malformed_content_is_refused_with_its_reason(
    path: Path, content: bytes, reason: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=reason):
        read_torch_file(path)


def test_a_storage_described_in_two_ways_is_refused(path: Path) -> None:
    views = {
        "a": pickled_view(pickled_storage("0", "FloatStorage", 6), 0, (6,), (1,)),
        "b": pickled_view(pickled_storage("0", "LongStorage", 6), 0, (6,), (1,)),
    }
    keys = pickle.dumps(["0"], protocol=2)
    path.write_bytes(HEADER + pickled_dict(views) + keys + stored(VALUES))
    with pytest.raises(WeightsError, match="damaged"):
        read_torch_file(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"absent\.pth"):
        read_torch_file(tmp_path / "absent.pth")
