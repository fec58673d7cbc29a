from pathlib import Path

import numpy as np
import pytest

from metallmix_kedro.trials.features import FeatureCache, features_key


class Counter:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> list[np.ndarray]:
        self.calls += 1
        return [np.arange(6, dtype=np.float32).reshape(3, 2), np.ones((3, 1), dtype=np.float32)]


def test_features_are_computed_once_and_keep_their_time(tmp_path: Path) -> None:
    compute = Counter()
    first = FeatureCache(tmp_path).get("key", compute)
    second = FeatureCache(tmp_path).get("key", compute)
    assert compute.calls == 1
    assert second.seconds == first.seconds > 0
    for array, again in zip(first.arrays, second.arrays, strict=True):
        np.testing.assert_array_equal(array, again)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip"])
def test_a_damaged_file_is_computed_again(tmp_path: Path, damage: bytes) -> None:
    compute = Counter()
    cache = FeatureCache(tmp_path)
    cache.get("key", compute)
    (tmp_path / "key.npz").write_bytes(damage)
    assert len(cache.get("key", compute).arrays) == 2
    assert compute.calls == 2


def test_a_truncated_file_is_computed_again(tmp_path: Path) -> None:
    compute = Counter()
    cache = FeatureCache(tmp_path)
    cache.get("key", compute)
    path = tmp_path / "key.npz"
    path.write_bytes(path.read_bytes()[:-40])
    cache.get("key", compute)
    assert compute.calls == 2


def test_nothing_half_written_stays_under_the_name(tmp_path: Path) -> None:
    FeatureCache(tmp_path).get("key", Counter())
    assert [path.name for path in tmp_path.iterdir()] == ["key.npz"]


def test_the_key_changes_with_each_part() -> None:
    base = {"images": ["a", "b"], "backbone": "X", "image_size": 96}
    keys = {features_key(**base)}
    for change in ({"images": ["a"]}, {"backbone": "Y"}, {"image_size": 97}):
        keys.add(features_key(**{**base, **change}))
    assert len(keys) == 4
