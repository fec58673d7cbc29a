"""The cut through a backbone changes nothing: frozen part and trained part together are it."""

from typing import Any

import numpy as np
import pytest

from metallmix_kedro.backbones.build import build_backbone, preprocess
from metallmix_kedro.search_space import STRATEGIES, Configuration
from metallmix_kedro.trials.features import compute_features
from metallmix_kedro.trials.network import (
    TRAINED_LAYERS,
    build_trained_part,
    crossing_tensors,
    cut_backbone,
    set_trainable,
)
from metallmix_kedro.trials.splits import Split
from metallmix_kedro.trials.training import train_folds

keras = pytest.importorskip("keras")
SIZE = 64


def pixels(count: int = 24) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def mobilenet() -> Any:
    return build_backbone("MobileNetV2_0.35", SIZE, weights="random")


@pytest.mark.parametrize("strategy", ["last_10", "last_30"])
def test_both_parts_together_are_the_backbone(mobilenet: Any, strategy: str) -> None:
    images = preprocess("MobileNetV2_0.35", pixels(4))
    cut = cut_backbone(mobilenet, strategy)
    crossing = compute_features(cut.frozen, images)
    np.testing.assert_allclose(
        cut.trained.predict(crossing, verbose=0), mobilenet.predict(images, verbose=0), atol=1e-5
    )


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
    crossing = crossing_tensors(network, n_trained)
    names = [tensor._keras_history.operation.name for tensor in crossing]
    assert {"input" if name.startswith("input") else name for name in names} == expected
    assert len(names) == len(expected)
    images = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype(np.float32)
    activations = compute_features(keras.Model(network.input, crossing), images)
    np.testing.assert_allclose(
        keras.Model(crossing, network.output).predict(activations, verbose=0),
        network.predict(images, verbose=0),
        atol=1e-5,
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("freeze_batch_norm", [True, False])
def test_a_strategy_trains_its_layers_and_no_others(strategy: str, freeze_batch_norm: bool) -> None:
    network = build_backbone("MobileNetV2_0.35", SIZE, weights="random")
    model = build_trained_part(
        cut_backbone(network, strategy), configuration(strategy), 3, freeze_batch_norm, seed=0
    )
    expected = {
        "feature_extraction": [],
        "full": network.layers,
        "last_10": network.layers[-TRAINED_LAYERS["last_10"] :],
        "last_30": network.layers[-TRAINED_LAYERS["last_30"] :],
    }[strategy]
    names = {
        layer.name
        for layer in expected
        if layer.weights
        and not (freeze_batch_norm and isinstance(layer, keras.layers.BatchNormalization))
    }
    trained = {
        layer.name
        for layer in model.layers
        if layer.trainable_variables and not layer.name.startswith("head_")
    }
    assert trained == names


def test_the_head_is_the_papers() -> None:
    cut = cut_backbone(build_backbone("MobileNetV2_0.35", SIZE, weights="random"), "full")
    model = build_trained_part(cut, configuration("full"), 3, True, seed=0)
    head = [type(layer).__name__ for layer in model.layers if layer.name.startswith("head_")]
    assert head == [
        "GlobalAveragePooling2D",
        "Dense",
        "BatchNormalization",
        "ReLU",
        "Dropout",
        "Dense",
    ]


def configuration(strategy: str) -> Configuration:
    return Configuration("MobileNetV2_0.35", strategy, 16, 0.3, "adam", 1e-3, 8)


def splits(count: int) -> list[Split]:
    rows = np.arange(count)
    return [
        Split(rows[rows % 3 == k], rows[rows % 3 == (k + 1) % 3], rows[rows % 3 == (k + 2) % 3])
        for k in range(2)
    ]


@pytest.mark.parametrize("strategy", ["feature_extraction", "last_10"])
def test_training_on_cached_features_equals_training_on_images(
    mobilenet: Any, strategy: str
) -> None:
    """The whole network, frozen where the strategy says, trained on images with the same seeds."""
    images = preprocess("MobileNetV2_0.35", pixels())
    labels = np.arange(len(images)) % 3
    cut = cut_backbone(mobilenet, strategy)
    model = build_trained_part(cut, configuration(strategy), 3, True, seed=7)
    start = [np.asarray(variable) for variable in model.variables]

    def fit(network: Any, data: Any) -> tuple[np.ndarray, list[float]]:
        for variable, value in zip(model.variables, start, strict=True):
            variable.assign(value)
        network.compile(
            optimizer=keras.optimizers.Adam(1e-3),
            loss="sparse_categorical_crossentropy",
            jit_compile=False,
        )
        keras.utils.set_random_seed(7)
        losses = network.fit(data, labels, batch_size=8, epochs=3, verbose=0).history["loss"]
        return network.predict(data, verbose=0), losses

    cached, cached_losses = fit(model, compute_features(cut.frozen, images))
    cut.frozen.trainable = False
    inputs = keras.Input(images.shape[1:])
    crossing = cut.frozen(inputs, training=False)
    whole = keras.Model(inputs, model(crossing if isinstance(crossing, list) else [crossing]))
    direct, direct_losses = fit(whole, images)
    np.testing.assert_allclose(cached, direct, atol=1e-4)
    np.testing.assert_allclose(cached_losses, direct_losses, rtol=1e-4)


def test_folds_start_from_the_same_weights_and_leave_the_backbone_as_it_was(
    mobilenet: Any,
) -> None:
    images = preprocess("MobileNetV2_0.35", pixels())
    labels = np.arange(len(images)) % 3
    before = [np.asarray(variable) for variable in mobilenet.variables]
    arguments = {"max_epochs": 2, "patience": 2, "freeze_batch_norm": True, "seed": 3}
    cut = cut_backbone(mobilenet, "full")
    both = train_folds(cut, [images], labels, splits(24), configuration("full"), **arguments)
    second = train_folds(cut, [images], labels, splits(24)[1:], configuration("full"), **arguments)
    assert both[1].test_accuracy == second[0].test_accuracy
    assert both[1].train_accuracy == second[0].train_accuracy
    for variable, value in zip(mobilenet.variables, before, strict=True):
        np.testing.assert_array_equal(np.asarray(variable), value)


def test_frozen_batch_norm_keeps_its_statistics(mobilenet: Any) -> None:
    network = keras.models.clone_model(mobilenet)
    set_trainable(network, freeze_batch_norm=True)
    norms = [x for x in network.layers if isinstance(x, keras.layers.BatchNormalization)]
    before = [np.asarray(norm.moving_mean) for norm in norms]
    network.compile(optimizer="adam", loss="mse", jit_compile=False)
    network.fit(pixels(8), np.zeros((8, *network.output.shape[1:])), epochs=1, verbose=0)
    assert len(norms) > 10
    for norm, mean in zip(norms, before, strict=True):
        np.testing.assert_array_equal(np.asarray(norm.moving_mean), mean)
