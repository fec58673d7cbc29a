from typing import Any

import numpy as np
import pytest

from metallmix_kedro.backbones.build import build_backbone
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.fine_tuning import FineTunedNetwork
from metallmix_kedro.training.network import TRAINED_LAYERS, CutBackbone, cut_backbone
from tests.trial_examples import MOBILENET, SIZE, configuration
from tests.whole_network import probabilities

keras = pytest.importorskip("keras")

SEED = 7
LABELS = np.arange(12) % 3


@pytest.fixture(scope="module")
def cuts() -> dict[str, tuple[Any, CutBackbone]]:
    """The backbone and its cut, by strategy; each of its own, as in a `BackboneStore`."""
    found = {}
    for strategy in ("last_10", "last_30", "full"):
        backbone = build_backbone(MOBILENET, SIZE, "random:0")
        found[strategy] = backbone, cut_backbone(backbone, strategy)
    return found


Cuts = dict[str, tuple[Any, CutBackbone]]


def inputs_of(cut: CutBackbone) -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    return [
        rng.normal(size=(len(LABELS), *tensor.shape[1:])).astype(np.float32)
        for tensor in cut.trained.inputs
    ]


def network(
    cuts: Cuts, one: Configuration, freeze_batch_norm: bool = True
) -> tuple[FineTunedNetwork, list[np.ndarray]]:
    cut = cuts[one.strategy][1]
    return FineTunedNetwork(cut, one, 3, freeze_batch_norm, SEED), inputs_of(cut)


def values(variables: list[Any]) -> list[np.ndarray]:
    return [np.asarray(variable).copy() for variable in variables]


def assert_equal(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for value, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(value, wanted)


def n_changed(found: list[np.ndarray], before: list[np.ndarray]) -> int:
    return sum(not np.array_equal(a, b) for a, b in zip(found, before, strict=True))


@pytest.mark.parametrize("strategy", ["last_10", "full"])
@pytest.mark.parametrize("freeze_batch_norm", [True, False])
def test_reset_restores_the_backbone_bit_for_bit(
    cuts: Cuts, strategy: str, freeze_batch_norm: bool
) -> None:
    backbone, _ = cuts[strategy]
    before = values(backbone.variables)
    found, inputs = network(cuts, configuration(strategy), freeze_batch_norm)
    head = found.weights()
    for _ in range(2):
        found.train_on(inputs, LABELS)
    assert n_changed(values(backbone.variables), before) > 1
    assert n_changed(found.weights(), head) > 3
    found.reset()
    assert_equal(values(backbone.variables), before)
    assert_equal(found.weights(), head)


def test_training_after_a_reset_is_training_from_the_start(cuts: Cuts) -> None:
    found, inputs = network(cuts, configuration("last_30"))
    found.train_on(inputs, LABELS)
    first = found.weights()
    found.train_on(inputs, LABELS)
    found.reset()
    found.train_on(inputs, LABELS)
    assert_equal(found.weights(), first)
    found.reset()


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_learning_rate_that_was_set_is_as_one_it_was_built_with(
    cuts: Cuts, optimizer: str
) -> None:
    slow, fast = (
        configuration("last_10", optimizer=optimizer, learning_rate=rate) for rate in (1e-4, 1e-2)
    )
    built, inputs = network(cuts, fast)
    built.train_on(inputs, LABELS)
    expected = built.weights()
    built.reset()
    changed, _ = network(cuts, slow)
    changed.train_on(inputs, LABELS)
    assert n_changed(changed.weights(), expected) > 1
    changed.set_learning_rate(fast.learning_rate)
    for _ in range(2):  # also after the next reset
        changed.reset()
        changed.train_on(inputs, LABELS)
        assert_equal(changed.weights(), expected)
    changed.reset()


@pytest.mark.parametrize("strategy", ["last_10", "last_30", "full"])
@pytest.mark.parametrize("freeze_batch_norm", [True, False])
def test_a_strategy_trains_its_layers_and_no_others(
    cuts: Cuts, strategy: str, freeze_batch_norm: bool
) -> None:
    backbone, _ = cuts[strategy]
    found, _ = network(cuts, configuration(strategy), freeze_batch_norm)
    count = TRAINED_LAYERS.get(strategy, len(backbone.layers))
    expected = {
        layer.name
        for layer in backbone.layers[-count:]
        if layer.weights
        and not (freeze_batch_norm and isinstance(layer, keras.layers.BatchNormalization))
    }
    trained = {layer.name for layer in found._model.layers if layer.trainable_variables}
    head = {"head_dense", "head_batch_norm", "head_softmax"}
    assert head < trained
    assert trained - head == expected
    assert expected


def test_the_network_ends_in_the_papers_head(cuts: Cuts) -> None:
    found, _ = network(cuts, configuration("full"))
    head = [type(x).__name__ for x in found._model.layers if x.name.startswith("head_")]
    assert head == [
        "GlobalAveragePooling2D",
        "Dense",
        "BatchNormalization",
        "ReLU",
        "Dropout",
        "Dense",
    ]


def test_predictions_are_the_likeliest_classes(cuts: Cuts) -> None:
    found, inputs = network(cuts, configuration("last_10"))
    expected = probabilities(found, inputs).argmax(axis=1)
    assert found.predict(inputs).shape == (len(LABELS), 1)
    np.testing.assert_array_equal(found.predict(inputs)[:, 0], expected)


def test_weights_are_kept_only_where_it_says_so(cuts: Cuts) -> None:
    found, inputs = network(cuts, configuration("last_10"))
    start, kept = found.weights(), found.weights()
    found.train_on(inputs, LABELS)
    after = found.weights()
    found.keep(kept, np.array([False]))
    assert_equal(kept, start)
    found.keep(kept, np.array([True]))
    assert_equal(kept, after)
    found.set_weights(start)
    assert_equal(found.weights(), start)
    assert_equal(kept, after)
