"""Networks, weights and the ways in which weights can be wrong."""

import hashlib
import re
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metallmix_kedro.backbones import BACKBONES, get_backbone
from metallmix_kedro.backbones.build import build_backbone, preprocess, weights_id
from metallmix_kedro.support.errors import MissingExtraError, ParameterError, WeightsError

keras = pytest.importorskip("keras")

SIZE = 96
IMAGENET_CLASSES = 1000
MOBILENET = "MobileNetV2_0.35"


def output(model: Any, name: str) -> np.ndarray:
    images = np.random.default_rng(0).uniform(0, 255, (2, SIZE, SIZE, 3))
    return np.asarray(model(preprocess(name, images), training=False))


@pytest.fixture(scope="module")
def mobilenet() -> Any:
    return build_backbone(MOBILENET, SIZE, "random:1")


@pytest.fixture(scope="module")
def mobilenet_file(mobilenet: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    mobilenet.save_weights(file)
    return file


@pytest.mark.parametrize("name", BACKBONES)
def test_the_network_is_the_published_one(name: str) -> None:
    model = build_backbone(name, SIZE, "random:0")
    backbone = get_backbone(name)
    channels = model.output.shape[-1]
    classifier = (channels + 1) * IMAGENET_CLASSES
    assert model.count_params() + classifier == backbone.parameters
    assert sum(bool(layer.weights) for layer in model.layers) + 1 == backbone.depth
    assert model.input.shape == (None, SIZE, SIZE, 3)
    assert len(model.output.shape) == 4


@pytest.mark.parametrize("name", BACKBONES)
def test_an_image_too_small_is_refused(name: str) -> None:
    smallest = get_backbone(name).min_image_size
    with pytest.raises(ParameterError, match=f"{smallest - 1} is too small for {name}"):
        build_backbone(name, smallest - 1, "random:0")


def test_untrained_weights_depend_on_their_seed_alone() -> None:
    first, again, other = (
        build_backbone(MOBILENET, SIZE, f"random:{seed}").get_weights() for seed in (3, 3, 4)
    )
    assert all(map(np.array_equal, first, again))
    assert not all(map(np.array_equal, first, other))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [(None, "imagenet:keras"), ("imagenet", "imagenet:keras"), ("random", "random:0")],
)
def test_weights_are_named_by_their_source(weights: str | None, expected: str) -> None:
    assert weights_id("ResNet50", weights) == expected


def test_a_file_is_named_by_its_content(tmp_path: Path) -> None:
    file = tmp_path / "any.weights.h5"
    file.write_bytes(b"content")
    expected = f"file:{hashlib.sha256(b'content').hexdigest()[:12]}"
    assert weights_id("Xception", file) == weights_id("Xception", str(file)) == expected


def test_a_file_gives_the_weights_that_were_saved(mobilenet: Any, mobilenet_file: Path) -> None:
    found = build_backbone(MOBILENET, SIZE, mobilenet_file)
    np.testing.assert_array_equal(output(found, MOBILENET), output(mobilenet, MOBILENET))


def test_a_whole_keras_archive_gives_its_weights(mobilenet: Any, tmp_path: Path) -> None:
    file = tmp_path / "whole.keras"
    mobilenet.save(file)
    found = build_backbone(MOBILENET, SIZE, file)
    np.testing.assert_array_equal(output(found, MOBILENET), output(mobilenet, MOBILENET))


def test_published_efficientnet_files_see_imagenet_scaled_inputs(tmp_path: Path) -> None:
    """The files hold deviations where Keras' layer expects variances."""
    name, mean, deviation = "EfficientNetB0", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    published = build_backbone(name, SIZE, "random:0")
    layer = published.get_layer(index=2)
    layer.adapt_mean.assign(mean)
    layer.adapt_variance.assign(deviation)
    file = tmp_path / "published.weights.h5"
    published.save_weights(file)

    found = build_backbone(name, SIZE, file)
    pixels = np.random.default_rng(0).uniform(0, 255, (1, SIZE, SIZE, 3)).astype("float32")
    scaled = keras.Model(found.input, found.get_layer(index=2).output)(pixels)
    np.testing.assert_allclose(scaled, (pixels / 255 - mean) / deviation, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("/nowhere/absent.weights.h5", "absent.weights.h5 for MobileNetV2_0.35 cannot be read"),
        ("", "cannot be read"),
        ("pip:no-such-package-of-weights", "'no-such-package-of-weights', which is not installed"),
        ("pip:numpy", "holds 0"),
        ("random:many", "'random:many' for MobileNetV2_0.35"),
        ("random:-1", "with a seed from 0"),
    ],
)
def test_a_source_that_cannot_be_used_is_an_error(weights: str, message: str) -> None:
    with pytest.raises(WeightsError, match=re.escape(message)):
        build_backbone(MOBILENET, SIZE, weights)
    with pytest.raises(WeightsError, match=re.escape(message)):
        weights_id(MOBILENET, weights)


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5", ".keras", ".pth", ".txt"])
def test_a_corrupt_file_is_an_error(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"corrupt{suffix}"
    file.write_bytes(b"not weights at all")
    with pytest.raises(WeightsError, match=re.escape(file.name)):
        build_backbone(MOBILENET, SIZE, file)


def test_a_truncated_file_is_an_error(mobilenet_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "cut.weights.h5"
    content = mobilenet_file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError, match=re.escape("cut.weights.h5")):
        build_backbone(MOBILENET, SIZE, file)


@pytest.mark.parametrize("name", ["Xception", "EfficientNetB0", "EfficientNetLite0"])
def test_a_file_of_another_network_is_an_error(name: str, mobilenet_file: Path) -> None:
    with pytest.raises(WeightsError, match=f"does not hold the weights of {name}"):
        build_backbone(name, SIZE, mobilenet_file)


def test_a_file_of_another_width_is_an_error(tmp_path: Path) -> None:
    wide = keras.applications.MobileNetV2(
        include_top=False, weights=None, alpha=0.5, input_shape=(SIZE, SIZE, 3)
    )
    file = tmp_path / "wide.weights.h5"
    wide.save_weights(file)
    with pytest.raises(WeightsError, match="does not hold the weights"):
        build_backbone(MOBILENET, SIZE, file)


def test_weights_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    model = build_backbone(MOBILENET, SIZE, "random:1")
    model.weights[0].assign(np.full(model.weights[0].shape, np.nan))
    file = tmp_path / "nan.weights.h5"
    model.save_weights(file)
    with pytest.raises(WeightsError, match="not finite"):
        build_backbone(MOBILENET, SIZE, file)


def test_keras_own_weights_are_taken_from_its_cache(
    mobilenet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of ``imagenet`` but for the transfer: Keras takes a file it fetched before."""
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    cache = tmp_path / "models"
    cache.mkdir()
    mobilenet.save(cache / f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_{SIZE}_no_top.h5")
    found = build_backbone(MOBILENET, SIZE)
    np.testing.assert_array_equal(output(found, MOBILENET), output(mobilenet, MOBILENET))


def test_a_failed_download_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    with pytest.raises(WeightsError, match=r"'imagenet' weights for ResNet50.*give its path"):
        build_backbone("ResNet50", SIZE)


def test_a_missing_keras_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keras", None)
    for weights in ("imagenet", "random:0"):
        with pytest.raises(MissingExtraError, match="experiments"):
            build_backbone("ResNet50", SIZE, weights)
