from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from metallmix_kedro.backbones.build import preprocess
from metallmix_kedro.support.errors import InputError, ParameterError
from metallmix_kedro.training import features
from metallmix_kedro.training.features import Features, compute_features
from metallmix_kedro.training.inputs.cache import ArrayCache, CachedArrays
from metallmix_kedro.training.inputs.rows import Rows
from metallmix_kedro.training.network import CutBackbone
from tests.trial_examples import (
    MOBILENET,
    SIZE,
    array_cache,
    image_dataset,
)

pytest.importorskip("keras")

N_IMAGES = 70
"""More than twice as many as are read at once, and no multiple of that."""


class Frozen:
    """A frozen part with two outputs that counts the images it sees."""

    def __init__(self) -> None:
        self.seen = 0

    def predict_on_batch(self, images: np.ndarray) -> list[np.ndarray]:
        self.seen += len(images)
        return [images.mean(axis=(1, 2)), images.max(axis=(1, 2, 3))[:, None]]


class Read:
    """Counts the images that are read from their files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.images = 0
        self._load = features.load_pixels
        monkeypatch.setattr(features, "load_pixels", self)

    def __call__(self, root: Path, images: list, image_size: int) -> np.ndarray:
        self.images += len(images)
        return self._load(root, images, image_size)


def all_rows(found: CachedArrays) -> list[np.ndarray]:
    return [array[np.arange(N_IMAGES)] for array in found.arrays]


def made(folder: Path, cache: ArrayCache | None = None) -> Features:
    dataset = image_dataset(folder / "images", n_images=N_IMAGES)
    return Features(dataset.root, dataset.manifest, cache or array_cache(folder / "cache"))


WHAT = {
    "backbone": MOBILENET,
    "weights_id": "random:0",
    "strategy": "last_10",
    "image_size": SIZE,
}


@pytest.mark.parametrize("max_memory", [10**9, 1])
def test_activations_are_those_of_all_images_and_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, max_memory: int
) -> None:
    read, frozen = Read(monkeypatch), Frozen()
    cut = CutBackbone(frozen=frozen, trained=None)
    found = made(tmp_path, array_cache(tmp_path / "cache", max_memory=max_memory))
    first = found.crossing(cut, **WHAT)
    second = found.crossing(cut, **WHAT)
    assert read.images == frozen.seen == N_IMAGES
    assert second.seconds == first.seconds > 0
    (images,) = all_rows(found.crossing(CutBackbone(None, None), **WHAT))
    for of in (first, second):
        means, highest = all_rows(of)
        np.testing.assert_array_equal(means, images.mean(axis=(1, 2)))
        np.testing.assert_array_equal(highest[:, 0], images.max(axis=(1, 2, 3)))


def test_images_cross_where_nothing_is_frozen(tmp_path: Path) -> None:
    found = made(tmp_path).crossing(CutBackbone(None, None), **{**WHAT, "strategy": "full"})
    assert found.seconds == 0.0
    (images,) = all_rows(found)
    dataset = image_dataset(tmp_path / "images", n_images=N_IMAGES)
    pairs = list(zip(dataset.manifest["path"], dataset.manifest["content_hash"], strict=True))
    pixels = features.load_pixels(dataset.root, pairs, SIZE)
    assert images.shape == (N_IMAGES, SIZE, SIZE, 3)
    np.testing.assert_array_equal(images, preprocess(MOBILENET, pixels.astype(np.float32)))


@pytest.mark.parametrize(
    "change",
    [
        {"backbone": "Xception"},
        {"weights_id": "random:1"},
        {"strategy": "last_30"},
        {"image_size": SIZE + 8},
    ],
)
def test_other_activations_are_not_mixed_up(tmp_path: Path, change: dict[str, object]) -> None:
    found, frozen = made(tmp_path), Frozen()
    cut = CutBackbone(frozen=frozen, trained=None)
    for what in (WHAT, {**WHAT, **change}, WHAT):
        found.crossing(cut, **what)
    assert frozen.seen == 2 * N_IMAGES


def test_images_of_another_size_are_read_anew(tmp_path: Path) -> None:
    found = made(tmp_path)
    for size in (SIZE, SIZE + 8):
        images = found.crossing(CutBackbone(None, None), **{**WHAT, "image_size": size}).arrays[0]
        assert images.shape == (N_IMAGES, size, size, 3)


def test_pixels_are_shared_by_all_that_is_computed_from_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, found = Read(monkeypatch), made(tmp_path)
    for weights in ("random:0", "random:1"):
        found.crossing(CutBackbone(Frozen(), None), **{**WHAT, "weights_id": weights})
    assert read.images == N_IMAGES


def test_activations_that_are_there_need_no_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = CutBackbone(Frozen(), None)
    found = made(tmp_path)
    first = all_rows(found.crossing(cut, **WHAT))
    sizes = {path: path.stat().st_size for path in (tmp_path / "cache").glob("*/0.npy")}
    largest = max(sizes, key=lambda path: sizes[path])
    assert sizes[largest] > N_IMAGES * SIZE * SIZE * 3
    largest.unlink()
    read = Read(monkeypatch)
    second = all_rows(found.crossing(cut, **WHAT))
    assert read.images == 0
    for array, expected in zip(second, first, strict=True):
        np.testing.assert_array_equal(array, expected)


def test_another_content_of_an_image_is_another_entry(tmp_path: Path) -> None:
    dataset = image_dataset(tmp_path / "images", n_images=N_IMAGES)
    cache, frozen = array_cache(tmp_path / "cache"), Frozen()
    cut = CutBackbone(frozen=frozen, trained=None)
    first = all_rows(Features(dataset.root, dataset.manifest, cache).crossing(cut, **WHAT))
    changed = dataset.manifest.copy()
    changed.loc[3, ["path", "content_hash"]] = changed.loc[4, ["path", "content_hash"]]
    second = all_rows(Features(dataset.root, changed, cache).crossing(cut, **WHAT))
    assert frozen.seen == 2 * N_IMAGES
    np.testing.assert_array_equal(second[0][3], first[0][4])
    assert not np.array_equal(first[0][3], first[0][4])


def test_files_that_only_moved_are_the_same_images(tmp_path: Path) -> None:
    frozen = Frozen()
    for folder in ("here", "there"):
        dataset = image_dataset(tmp_path / folder, name=folder, n_images=N_IMAGES)
        found = Features(dataset.root, dataset.manifest, array_cache(tmp_path / "cache"))
        found.crossing(CutBackbone(frozen, None), **WHAT)
    assert frozen.seen == N_IMAGES


def test_an_image_that_changed_since_it_was_ingested_is_an_error(tmp_path: Path) -> None:
    found = made(tmp_path)
    Image.new("RGB", (36, 40)).save(tmp_path / "images/squares/055.png")
    with pytest.raises(InputError, match=r"squares/055\.png.* has changed"):
        found.crossing(CutBackbone(Frozen(), None), **WHAT)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_is_too_small_is_an_error(tmp_path: Path) -> None:
    cache = array_cache(tmp_path / "cache", max_disk=N_IMAGES * SIZE * SIZE * 3)
    with pytest.raises(ParameterError, match=r"experiment_grid\.cache\.max_disk_gb"):
        made(tmp_path, cache).crossing(CutBackbone(Frozen(), None), **WHAT)


def test_a_frozen_part_with_one_output_gives_one_array() -> None:
    class One:
        def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
            return images.sum(axis=1).astype(np.float64)

    images = np.arange(80.0).reshape(40, 2)
    parts = list(compute_features(One(), Rows(images)))
    assert [len(part) for part in parts] == [1, 1]
    assert {part[0].dtype for part in parts} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), images.sum(axis=1))
