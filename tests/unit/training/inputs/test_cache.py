import json
import multiprocessing
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.support.errors import ParameterError
from metallmix_kedro.training.inputs.cache import CachedArrays, cache_key
from metallmix_kedro.training.inputs.rows import StoredRows
from tests.trial_examples import array_cache

N_ROWS = 7
HEADER = 128
"""Bytes that NumPy's format takes for itself."""
WHOLE = [
    np.arange(N_ROWS * 6, dtype=np.float32).reshape(N_ROWS, 2, 3),
    np.arange(N_ROWS, dtype=np.uint8).reshape(N_ROWS, 1),
]


class Computer:
    """Gives `WHOLE` in parts and counts how often it was asked to."""

    def __init__(self, rows_at_once: int = 3) -> None:
        self.calls = 0
        self._rows_at_once = rows_at_once

    def __call__(self) -> Iterator[list[np.ndarray]]:
        self.calls += 1
        for start in range(0, N_ROWS, self._rows_at_once):
            yield [array[start : start + self._rows_at_once] for array in WHOLE]


def assert_whole(found: CachedArrays) -> None:
    rows = np.arange(N_ROWS)
    assert len(found.arrays) == len(WHOLE)
    for array, whole in zip(found.arrays, WHOLE, strict=True):
        assert array.shape == whole.shape
        assert array[rows].dtype == whole.dtype
        np.testing.assert_array_equal(array[rows], whole)


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


@pytest.mark.parametrize("rows_at_once", [1, 3, N_ROWS])
@pytest.mark.parametrize("max_memory", [10**6, 1])
def test_what_comes_in_parts_is_read_as_a_whole_and_computed_once(
    tmp_path: Path, rows_at_once: int, max_memory: int
) -> None:
    compute = Computer(rows_at_once)
    first = array_cache(tmp_path, max_memory=max_memory).get("key", N_ROWS, compute)
    second = array_cache(tmp_path, max_memory=max_memory).get("key", N_ROWS, compute)
    assert compute.calls == 1
    assert second.seconds == first.seconds > 0
    for found in (first, second):
        assert_whole(found)
        on_disk = [isinstance(rows, StoredRows) for rows in found.arrays]
        assert on_disk == [max_memory == 1] * 2


def test_what_is_kept_is_plain_numpy(tmp_path: Path) -> None:
    array_cache(tmp_path).get("key", N_ROWS, Computer())
    for number, whole in enumerate(WHOLE):
        np.testing.assert_array_equal(np.load(tmp_path / f"key/{number}.npy"), whole)


def test_a_key_is_a_hash_of_every_part() -> None:
    base = {"images": ["a", "b"], "backbone": "X", "image_size": 96}
    changes = ({}, {"images": ["b", "a"]}, {"backbone": "Y"}, {"image_size": 97}, {"more": 1})
    keys = {cache_key(**{**base, **change}) for change in changes}
    assert len(keys) == len(changes)
    assert cache_key(**dict(reversed(base.items()))) == cache_key(**base)


def fails_midway() -> Iterator[list[np.ndarray]]:
    yield [array[:3] for array in WHOLE]
    raise KeyboardInterrupt


def test_what_fails_midway_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        array_cache(tmp_path).get("key", N_ROWS, fails_midway)
    assert names(tmp_path) == []
    assert_whole(array_cache(tmp_path).get("key", N_ROWS, Computer()))
    assert names(tmp_path) == ["key"]


def test_only_what_a_dead_process_of_this_machine_left_is_removed(tmp_path: Path) -> None:
    host = socket.gethostname()
    process = multiprocessing.get_context("spawn").Process(target=int)
    process.start()
    process.join()
    parts = {
        "dead": f".part-{host}-{process.pid}-aa",
        "alive": f".part-{host}-{os.getppid()}-bb",
        "elsewhere": f".part-{host}-2-{process.pid}-cc",
    }
    for name in parts.values():
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.npy").write_bytes(b"half of an arr")
    array_cache(tmp_path).get("key", N_ROWS, Computer())
    assert names(tmp_path) == sorted([parts["alive"], parts["elsewhere"], "key"])


def truncate(entry: Path) -> None:
    path = entry / "1.npy"
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(entry: Path) -> None:
    path = entry / "0.npy"
    path.write_bytes(path.read_bytes() + b"more")


DAMAGES = {
    "truncated array": truncate,
    "longer array": lengthen,
    "empty array": lambda entry: (entry / "0.npy").write_bytes(b""),
    "garbage array": lambda entry: (entry / "0.npy").write_bytes(b"garbage" * 50),
    "garbage header": lambda entry: (entry / "0.npy").write_bytes(
        np.lib.format.magic(1, 0) + b"\x20\x00" + b"{'descr': (" + b" " * 21
    ),
    "array of other rows": lambda entry: np.save(entry / "0.npy", WHOLE[0][:5]),
    "missing array": lambda entry: (entry / "1.npy").unlink(),
    "missing seal": lambda entry: (entry / "seal.json").unlink(),
    "truncated seal": lambda entry: (entry / "seal.json").write_text('{"arrays": 2, "sec'),
    "garbage seal": lambda entry: (entry / "seal.json").write_bytes(b"\xff\x00\xfe"),
    "seal of another kind": lambda entry: (entry / "seal.json").write_text("[2, 0.1]"),
    "seal of other values": lambda entry: (entry / "seal.json").write_text('{"arrays": "two"}'),
    "seal without time": lambda entry: (entry / "seal.json").write_text('{"arrays": 2}'),
    "seal of no arrays": lambda entry: (entry / "seal.json").write_text(
        json.dumps({"arrays": 0, "seconds": 0.1})
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_computed_again(tmp_path: Path, damage: object) -> None:
    compute = Computer()
    array_cache(tmp_path).get("key", N_ROWS, compute)
    damage(tmp_path / "key")
    assert_whole(array_cache(tmp_path).get("key", N_ROWS, compute))
    assert compute.calls == 2
    assert_whole(array_cache(tmp_path).get("key", N_ROWS, compute))
    assert compute.calls == 2


def test_the_folder_may_be_deleted_at_any_time(tmp_path: Path) -> None:
    root = tmp_path / "cache"
    cache, compute = array_cache(root, max_memory=1), Computer()
    before = cache.get("key", N_ROWS, compute)
    shutil.rmtree(root)
    assert_whole(before)
    assert_whole(cache.get("key", N_ROWS, compute))
    assert compute.calls == 2


def test_of_two_that_compute_the_same_one_is_kept(tmp_path: Path) -> None:
    other = Computer()

    def overtaken() -> Iterator[list[np.ndarray]]:
        yield [array[:4] for array in WHOLE]
        # The same process cannot write a key twice at a time; another one's entry is moved in.
        array_cache(tmp_path / "elsewhere").get("key", N_ROWS, other)
        (tmp_path / "elsewhere/key").rename(tmp_path / "cache/key")
        yield [array[4:] for array in WHOLE]

    assert_whole(array_cache(tmp_path / "cache").get("key", N_ROWS, overtaken))
    assert names(tmp_path / "cache") == ["key"]


def block(n_bytes: int) -> list[list[np.ndarray]]:
    """An entry that takes so many bytes on disk, header included."""
    return [[np.zeros((1, n_bytes - HEADER), dtype=np.uint8)]]


def use(root: Path, key: str, n_bytes: int, max_disk: int, at: int) -> bool:
    """Get an entry at the time `at`, in seconds; whether it had to be computed."""
    computed = []

    def compute() -> list[list[np.ndarray]]:
        computed.append(key)
        return block(n_bytes)

    array_cache(root, max_disk).get(key, 1, compute)
    os.utime(root / key / "seal.json", (at, at))
    return bool(computed)


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    for at, key in enumerate(["a", "b", "c", "a"]):
        use(tmp_path, key, 200, 700, at)
    assert use(tmp_path, "d", 400, 700, 9)
    assert names(tmp_path) == ["a", "d"]


def test_reading_counts_as_using(tmp_path: Path) -> None:
    cache = array_cache(tmp_path, 500)
    for at, key in enumerate("ab"):
        use(tmp_path, key, 200, 500, at)
    cache.get("a", 1, lambda: pytest.fail("it is stored"))
    cache.get("c", 1, lambda: block(200))
    assert names(tmp_path) == ["a", "c"]


def test_an_entry_that_alone_is_too_large_is_refused_and_evicts_nothing(tmp_path: Path) -> None:
    use(tmp_path, "small", 200, 300, 0)
    with pytest.raises(ParameterError, match=r"experiment_grid\.cache\.max_disk_gb") as error:
        array_cache(tmp_path, 300).get("large", 4, lambda: block(HEADER + 68))
    assert "need 4e-07 GB" in str(error.value)
    assert names(tmp_path) == ["small"]


@given(
    calls=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 9)), max_size=25),
    max_units=st.integers(9, 40),
)
def test_the_bound_holds_and_what_was_used_last_stays(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[str, int]], max_units: int
) -> None:
    root = tmp_path_factory.mktemp("cache")
    unit, used_at, size_of = 200, {}, {}
    for at, (key, units) in enumerate(calls):
        n_bytes = size_of.setdefault(key, max(1, units) * unit)
        was_there = (root / key).is_dir()
        assert use(root, key, n_bytes, max_units * unit, at) != was_there
        used_at[key] = at
        kept = names(root)
        assert key in kept
        assert sum(file.stat().st_size for file in root.glob("*/*.npy")) <= max_units * unit
        oldest = min(used_at[name] for name in kept)
        assert all(used_at[name] < oldest for name in set(used_at) - set(kept))


def test_a_file_in_place_of_the_folder_is_an_error_that_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder")
    with pytest.raises(ParameterError, match=r"experiment_grid\.cache\.root"):
        array_cache(tmp_path / "cache").get("key", N_ROWS, Computer())


def test_a_folder_that_loses_its_entries_is_an_error(tmp_path: Path) -> None:
    class Forgetful(Computer):
        def __call__(self) -> Iterator[list[np.ndarray]]:
            yield from super().__call__()
            (tmp_path / "key").write_text("a file where the entry should be")

    with pytest.raises(ParameterError, match="loses its entries"):
        array_cache(tmp_path).get("key", N_ROWS, Forgetful())
