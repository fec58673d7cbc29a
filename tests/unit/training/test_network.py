from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from metallmix_kedro.backbones import get_backbone
from metallmix_kedro.backbones.build import build_backbone, preprocess
from metallmix_kedro.training.fine_tuning import FineTunedNetwork
from metallmix_kedro.training.network import (
    CutBackbone,
    crossing_tensors,
    cut_backbone,
    set_trainable,
)
from tests.trial_examples import (
    MOBILENET,
    SIZE,
    configuration,
    splits,
)
from tests.whole_network import (
    WholeNetwork,
    assert_cached_is_whole,
    crossing,
    double_precision,
    probabilities,
    settle,
)

keras = pytest.importorskip("keras")

SEED = 7
PAPERS_BACKBONES = (
    "Xception",
    pytest.param("EfficientNetB5", marks=pytest.mark.slow),
    "ResNet50",
    "InceptionV3",
    pytest.param("NASNetMobile", marks=pytest.mark.slow),
    pytest.param("DenseNet121", marks=pytest.mark.slow),
    "EfficientNetB0",
)


def images(name: str, count: int, size: int) -> np.ndarray:
    pixels = np.random.default_rng(0).integers(0, 256, (count, size, size, 3))
    return np.asarray(preprocess(name, pixels.astype(np.float32)), dtype=np.float64)


@pytest.fixture(autouse=True, scope="module")
def _exact() -> Iterator[None]:
    with double_precision():
        yield


def branching_network() -> Any:
    """Residual and dense connections cross the cut, one tensor of them twice."""
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    a = layers.Conv2D(4, 3, padding="same", name="a")(inputs)
    b = layers.Conv2D(4, 3, padding="same", name="b")(a)
    c = layers.Add(name="c")([a, b])
    d = layers.Concatenate(name="d")([c, a, inputs])
    return keras.Model(inputs, layers.Add(name="e")([layers.Conv2D(4, 1, name="f")(d), a]))


@pytest.mark.parametrize(
    ("n_trained", "expected"), [(1, {"f", "a"}), (2, {"d", "a"}), (3, {"c", "a", "input"})]
)
def test_every_tensor_that_crosses_is_found_once(n_trained: int, expected: set[str]) -> None:
    network = branching_network()
    found = crossing_tensors(network, n_trained)
    names = [tensor._keras_history.operation.name for tensor in found]
    assert {"input" if name.startswith("input") else name for name in names} == expected
    assert len(names) == len(expected)
    inputs = np.random.default_rng(1).normal(size=(2, 8, 8, 3))
    cut = CutBackbone(keras.Model(network.input, found), keras.Model(found, network.output))
    np.testing.assert_allclose(cut.trained(crossing(cut, inputs)), network(inputs), atol=1e-5)


def test_feature_extraction_freezes_all_and_pools() -> None:
    network = branching_network()
    cut = cut_backbone(network, "feature_extraction")
    assert cut.trained is None
    inputs = np.random.default_rng(1).normal(size=(2, 8, 8, 3))
    expected = np.asarray(network(inputs)).mean(axis=(1, 2))
    np.testing.assert_allclose(crossing(cut, inputs)[0], expected, atol=1e-5)


def test_full_fine_tuning_freezes_nothing() -> None:
    network = branching_network()
    cut = cut_backbone(network, "full")
    assert cut.frozen is None
    assert cut.trained is network


@pytest.fixture(scope="module")
def pair(_exact: None) -> tuple[Any, Any, np.ndarray]:
    """Two equal backbones that share no layer, and images."""
    inputs = images(MOBILENET, 36, SIZE)
    made = [settle(build_backbone(MOBILENET, SIZE, "random:0"), inputs) for _ in range(2)]
    return *made, inputs


def test_frozen_batch_norm_keeps_its_statistics(pair: tuple[Any, Any, np.ndarray]) -> None:
    network = keras.models.clone_model(pair[0])
    set_trainable(network, freeze_batch_norm=True)
    norms = [x for x in network.layers if isinstance(x, keras.layers.BatchNormalization)]
    before = [np.asarray(norm.moving_mean).copy() for norm in norms]
    network.compile(optimizer="adam", loss="mse", run_eagerly=True)
    network.train_on_batch(images(MOBILENET, 8, SIZE), np.zeros((8, *network.output.shape[1:])))
    assert len(norms) > 10
    for norm, mean in zip(norms, before, strict=True):
        np.testing.assert_array_equal(np.asarray(norm.moving_mean), mean)


@pytest.mark.parametrize(
    ("strategy", "optimizer", "freeze_batch_norm"),
    [
        ("feature_extraction", "adam", True),
        ("last_10", "adam", True),
        ("last_10", "rmsprop", False),
        ("last_30", "sgd", True),
        ("last_30", "adam", False),
    ],
)
def test_training_on_what_is_cached_equals_training_the_whole_network_on_images(
    pair: tuple[Any, Any, np.ndarray], strategy: str, optimizer: str, freeze_batch_norm: bool
) -> None:
    backbone, other, inputs = pair
    one = configuration(strategy, optimizer=optimizer, learning_rate=1e-3)
    assert_cached_is_whole(
        cut_backbone(backbone, strategy),
        other,
        one,
        inputs,
        labels=np.arange(36) // 3 % 3,
        splits=splits(36, 1),
        n_epochs=2,
        freeze_batch_norm=freeze_batch_norm,
    )


@pytest.fixture(scope="module")
def paper_backbone(request: pytest.FixtureRequest, _exact: None) -> tuple[str, Any, np.ndarray]:
    """A backbone of the paper at its smallest size, and images for it."""
    name = request.param
    size = get_backbone(name).min_image_size
    inputs = images(name, 6, size)
    return name, settle(build_backbone(name, size, "random:0"), inputs), inputs


@pytest.mark.parametrize("paper_backbone", PAPERS_BACKBONES, indirect=True)
@pytest.mark.parametrize("strategy", ["last_10", "last_30"])
def test_both_parts_of_the_papers_backbones_are_the_whole(
    paper_backbone: tuple[str, Any, np.ndarray], strategy: str
) -> None:
    _, backbone, inputs = paper_backbone
    cut = cut_backbone(backbone, strategy)
    found = np.asarray(cut.trained(crossing(cut, inputs), training=False))
    whole = np.asarray(backbone(inputs, training=False))
    assert whole.std(axis=0).max() > 0.1
    np.testing.assert_allclose(found, whole, atol=1e-9)


@pytest.mark.parametrize("paper_backbone", PAPERS_BACKBONES, indirect=True)
def test_a_step_on_what_is_cached_equals_one_of_the_papers_backbones_on_images(
    paper_backbone: tuple[str, Any, np.ndarray],
) -> None:
    name, backbone, inputs = paper_backbone
    one = configuration("last_30", backbone=name, optimizer="sgd", learning_rate=1e-2)
    labels = np.arange(len(inputs)) % 3
    cut = cut_backbone(backbone, "last_30")
    arrays = crossing(cut, inputs)
    cached = FineTunedNetwork(cut, one, 3, True, SEED)
    start = probabilities(cached, arrays)
    cached.train_on(arrays, labels)
    found = probabilities(cached, arrays)
    cached.reset()
    whole = WholeNetwork(backbone, one, 3, True, SEED)
    whole.train_on([inputs], labels)
    expected = probabilities(whole, [inputs])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(expected - start).max() > 1e-2
