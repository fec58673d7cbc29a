from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from metallmix_kedro.training.inputs.rows import MappedRows, Rows, StoredRows

DTYPES = ("uint8", "bool", "int64", "float16", "float32", ">f8")


def stored(folder: Path, array: np.ndarray) -> StoredRows:
    path = folder / "array.npy"
    np.save(path, array)
    return StoredRows(path)


@given(data=st.data())
def test_rows_on_disk_are_those_in_memory(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    dtype = data.draw(st.sampled_from(DTYPES).map(np.dtype))
    shape = data.draw(npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    array = data.draw(npst.arrays(dtype, shape))
    order = st.lists(st.integers(0, len(array) - 1)) if len(array) else st.just([])
    wanted = np.array(data.draw(order), dtype=np.int64)
    rows = stored(tmp_path_factory.mktemp("rows"), array)
    assert rows.shape == array.shape
    assert rows.n_bytes == array.nbytes
    assert rows.is_complete
    found = rows[wanted]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, Rows(array)[wanted])


def test_rows_are_copies() -> None:
    array = np.zeros((3, 2))
    Rows(array)[np.array([0, 1])][:] = 7
    assert not array.any()


def test_a_file_may_be_deleted_while_it_is_read(tmp_path: Path) -> None:
    array = np.arange(12.0).reshape(4, 3)
    rows = stored(tmp_path, array)
    (tmp_path / "array.npy").unlink()
    np.testing.assert_array_equal(rows[np.array([3, 0])], array[[3, 0]])


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"x"])
def test_a_file_of_another_length_is_not_complete(tmp_path: Path, change: object) -> None:
    stored(tmp_path, np.ones((4, 3)))
    path = tmp_path / "array.npy"
    path.write_bytes(change(path.read_bytes()))
    assert not StoredRows(path).is_complete


def test_rows_that_a_file_has_lost_are_an_error(tmp_path: Path) -> None:
    rows = stored(tmp_path, np.arange(8.0).reshape(4, 2))
    with (tmp_path / "array.npy").open("r+b") as file:
        file.truncate(file.seek(0, 2) - 20)
    np.testing.assert_array_equal(rows[np.array([0])], [[0.0, 1.0]])
    with pytest.raises(OSError, match="ends before row 3"):
        rows[np.array([0, 3])]


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(1.0),
        np.array([{"an": "object"}, None], dtype=object),
    ],
    ids=["fortran", "no rows", "objects"],
)
def test_a_file_that_holds_no_rows_is_refused(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not a C-contiguous array of rows"):
        stored(tmp_path, array)


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "array.npy"
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.ones(3), version=(2, 0))
    with pytest.raises(ValueError, match=r"array\.npy is not of format 1\.0"):
        StoredRows(path)


@given(header=st.text("{}'\":,() descrshapeF<f48\n\\", max_size=60), length=st.integers(0, 70))
@example(header="{'descr': (", length=11)
def test_a_header_of_anything_is_an_error(
    tmp_path_factory: pytest.TempPathFactory, header: str, length: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "array.npy"
    path.write_bytes(np.lib.format.magic(1, 0) + bytes([length, 0]) + header.encode())
    with pytest.raises(ValueError, match="damaged header"):
        StoredRows(path)


def test_a_function_is_applied_to_the_rows_asked_for() -> None:
    seen = []

    def double(rows: np.ndarray) -> np.ndarray:
        seen.append(len(rows))
        return rows * 2

    mapped = MappedRows(Rows(np.arange(10).reshape(5, 2)), double)
    assert mapped.shape == (5, 2)
    assert mapped[np.array([4, 0])].tolist() == [[16, 18], [0, 2]]
    assert seen == [2]
