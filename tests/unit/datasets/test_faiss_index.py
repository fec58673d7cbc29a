"""The FAISS dataset: what is saved is loaded, and damaged files never reach FAISS."""

import hashlib
import subprocess
import sys
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io.core import DatasetError, Version

from metallmix_kedro.datasets.faiss_index import FaissIndexDataset


@pytest.fixture
def index() -> faiss.Index:
    index = faiss.IndexFlatL2(4)
    index.add(np.arange(12, dtype=np.float32).reshape(3, 4))
    return index


@pytest.fixture
def saved(tmp_path: Path, index: faiss.Index) -> Path:
    path = tmp_path / "folder" / "index.faiss"
    FaissIndexDataset(filepath=str(path)).save(index)
    return path


def test_loads_what_was_saved(saved: Path, index: faiss.Index) -> None:
    loaded = FaissIndexDataset(filepath=str(saved)).load()
    assert loaded.ntotal == 3
    np.testing.assert_array_equal(loaded.reconstruct_n(0, 3), index.reconstruct_n(0, 3))


def test_same_index_same_bytes_and_nothing_left_beside_it(
    tmp_path: Path, saved: Path, index: faiss.Index
) -> None:
    again = tmp_path / "again.faiss"
    FaissIndexDataset(filepath=str(again)).save(index)
    assert again.read_bytes() == saved.read_bytes()
    assert [path.name for path in saved.parent.iterdir()] == ["index.faiss"]


def test_an_old_version_can_be_loaded(tmp_path: Path, index: faiss.Index) -> None:
    path = str(tmp_path / "index.faiss")
    FaissIndexDataset(filepath=path, version=Version(None, "v1")).save(index)
    index.add(np.zeros((1, 4), dtype=np.float32))
    FaissIndexDataset(filepath=path, version=Version(None, "v2")).save(index)
    assert FaissIndexDataset(filepath=path, version=Version("v1", None)).load().ntotal == 3
    assert FaissIndexDataset(filepath=path, version=Version(None, None)).load().ntotal == 4


def test_a_save_that_fails_leaves_the_old_file(
    saved: Path, index: faiss.Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def fail(self: Path, target: Path) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(DatasetError, match="No space left"):
        FaissIndexDataset(filepath=str(saved)).save(index)
    assert [path.read_bytes() for path in saved.parent.iterdir()] == [before]


def test_missing_file_is_named(tmp_path: Path) -> None:
    dataset = FaissIndexDataset(filepath=str(tmp_path / "nowhere.faiss"))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"nowhere\.faiss"):
        dataset.load()


def test_every_truncation_and_bit_flip_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    dataset = FaissIndexDataset(filepath=str(saved))
    for length in range(len(whole)):
        saved.write_bytes(whole[:length])
        with pytest.raises(DatasetError, match="damaged"):
            dataset.load()
    for position in range(len(whole)):
        saved.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(DatasetError, match="damaged"):
            dataset.load()


@given(content=st.binary(max_size=300))
def test_random_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "random.faiss"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="damaged"):
        FaissIndexDataset(filepath=str(path)).load()


def test_a_plain_faiss_file_is_refused_without_a_crash(tmp_path: Path, index: faiss.Index) -> None:
    """In a process of its own: FAISS given such bytes may take the process down."""
    path = tmp_path / "plain.faiss"
    body = bytearray(faiss.serialize_index(index).tobytes())
    body[41:49] = b"\xff" * 8  # the length of the vectors' storage
    path.write_bytes(bytes(body))
    script = (
        "import sys\n"
        "from kedro.io.core import DatasetError\n"
        "from metallmix_kedro.datasets.faiss_index import FaissIndexDataset\n"
        "try:\n"
        "    FaissIndexDataset(filepath=sys.argv[1]).load()\n"
        "except DatasetError as error:\n"
        "    sys.exit(str(error))\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1
    assert "plain.faiss is not a FAISS index of this project" in finished.stderr


def test_another_format_with_a_right_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.faiss"
    body = b"IxZZ" + b"\0" * 40
    path.write_bytes(body + b"MMXFAISS" + hashlib.sha256(body).digest())
    with pytest.raises(DatasetError, match="cannot read it"):
        FaissIndexDataset(filepath=str(path)).load()
