from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.fitting import Schedule, train_splits
from metallmix_kedro.training.heads import HeadShape, HeadsNetwork, head_work
from metallmix_kedro.training.inputs.splits import batches
from metallmix_kedro.training.network import HEAD_LAYERS, add_head
from tests.trial_examples import (
    class_vectors,
    configuration,
    declared_too,
    in_memory,
    splits,
)
from tests.whole_network import Observed, probabilities, scores

keras = pytest.importorskip("keras")

SEED = 3
VECTORS, LABELS = class_vectors()
TOLERANCE = {"adam": 5e-4, "sgd": 1e-6, "rmsprop": 5e-4}
"""Of probabilities: the first steps of adam and rmsprop go by the sign of a gradient."""


def three(optimizer: str) -> list[Configuration]:
    """Heads that differ in learning rate and dropout."""
    rates = (0.3, 0.03, 0.003) if optimizer == "sgd" else (1e-2, 1e-3, 1e-4)
    return [
        configuration(optimizer=optimizer, learning_rate=rate, dropout=dropout)
        for rate, dropout in zip(rates, (0.0, 0.3, 0.5), strict=True)
    ]


@cache
def network(n_heads: int, optimizer: str) -> HeadsNetwork:
    """One for each shape: what Keras has traced serves all tests, as it serves all trials."""
    return HeadsNetwork(HeadShape(n_heads, 16, optimizer, VECTORS.shape[1], 3), SEED)


def trained(n_heads: int, configurations: Sequence[Configuration], epochs: int = 2) -> HeadsNetwork:
    found = network(n_heads, configurations[0].optimizer)
    found.set_scalars(configurations)
    found.reset()
    train(found, range(epochs))
    return found


def train(trained: HeadsNetwork, epochs: Sequence[int]) -> None:
    for epoch in epochs:
        for rows in batches(np.arange(len(LABELS)), 8, SEED, epoch):
            trained.train_on([VECTORS[rows]], LABELS[rows])


def plain_probabilities(one: Configuration, epochs: int = 2) -> np.ndarray:
    """Train the paper's head by itself, by Keras' own optimizer and dropout."""
    inputs = keras.Input((VECTORS.shape[1],))
    model = keras.Model(inputs, add_head(inputs, one, 3, SEED))
    kind = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"}[one.optimizer]
    model.compile(
        optimizer=getattr(keras.optimizers, kind)(
            one.learning_rate, weight_decay=one.get("weight_decay", 0) or None
        ),
        loss="sparse_categorical_crossentropy",
        run_eagerly=True,
    )
    for epoch in range(epochs):
        for rows in batches(np.arange(len(LABELS)), 8, SEED, epoch):
            model.train_on_batch(VECTORS[rows], LABELS[rows])
    return np.asarray(model(VECTORS, training=False))


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_heads_side_by_side_are_heads_alone_are_plain_keras(optimizer: str) -> None:
    configurations = three(optimizer)
    together = probabilities(trained(3, configurations), [VECTORS])
    assert together.shape == (len(VECTORS), 3, 3)
    for number, one in enumerate(configurations):
        alone = probabilities(trained(1, [one]), [VECTORS])[:, 0]
        np.testing.assert_allclose(together[:, number], alone, atol=TOLERANCE[optimizer])
        plain = plain_probabilities(one)
        np.testing.assert_allclose(together[:, number], plain, atol=TOLERANCE[optimizer])
        # Far more than the tolerance lies between the heads, and between them and their start.
        others = np.delete(together, number, axis=1) - together[:, number : number + 1]
        assert np.abs(others).max(axis=(0, 2)).min() > 20 * TOLERANCE[optimizer]
    assert [network(3, optimizer).n_networks, network(1, optimizer).n_networks] == [3, 1]


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_weights_of_heads_side_by_side_decay_as_in_plain_keras(optimizer: str) -> None:
    with declared_too("weight_decay"):
        decays = (0.0, 3.0, 10.0)
        configurations = [
            one.model_copy(update={"weight_decay": decay})
            for one, decay in zip(three(optimizer), decays, strict=True)
        ]
        shape = HeadShape.of(configurations, VECTORS.shape[1], 3)
        assert shape.decays
        together = HeadsNetwork(shape, SEED)
        together.set_scalars(configurations)
        train(together, range(2))
        found = probabilities(together, [VECTORS])
        for number, one in enumerate(configurations):
            np.testing.assert_allclose(
                found[:, number], plain_probabilities(one), atol=TOLERANCE[optimizer]
            )
        without = probabilities(trained(3, three(optimizer)), [VECTORS])
        differences = np.abs(found - without).max(axis=(0, 2))
        # The first does not decay: it is as it would be in a network whose heads do not.
        assert differences[0] <= 1e-6
        assert differences[1:].max() > 20 * TOLERANCE[optimizer]


def test_the_paper_sets_the_head() -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, add_head(inputs, configuration(dense_units=7), 3, SEED))
    dense, norm, relu, dropout, softmax = model.layers[1:]
    assert isinstance(norm, keras.layers.BatchNormalization)
    assert isinstance(relu, keras.layers.ReLU)
    assert (dense.units, dense.activation) == (7, keras.activations.linear)
    assert dropout.rate == 0.3
    assert (softmax.units, softmax.activation) == (3, keras.activations.softmax)


def test_a_network_that_was_used_before_is_as_a_new_one() -> None:
    configurations = three("adam")
    fresh = HeadsNetwork(HeadShape(3, 16, "adam", VECTORS.shape[1], 3), SEED)
    fresh.set_scalars(configurations)
    train(fresh, range(2))
    trained(3, configurations[::-1])
    again = trained(3, configurations)
    for value, expected in zip(again.weights(), fresh.weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_reset_goes_back_to_the_start_and_keeps_the_scalars() -> None:
    configurations = three("adam")
    used = network(3, "adam")
    used.set_scalars(configurations)
    used.reset()
    start = used.weights()
    train(used, range(1))
    after = used.weights()
    assert any(not np.array_equal(a, b) for a, b in zip(start, after, strict=True))
    used.reset()
    for value, expected in zip(used.weights(), start, strict=True):
        np.testing.assert_array_equal(value, expected)
    # The optimizer's memory, the dropout's noise and the scalars are what they were, too.
    train(used, range(1))
    for value, expected in zip(used.weights(), after, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_every_head_starts_where_it_would_alone() -> None:
    together, alone = network(3, "sgd"), network(1, "sgd")
    together.reset()
    alone.reset()
    expected = probabilities(alone, [VECTORS])
    np.testing.assert_allclose(
        probabilities(together, [VECTORS]), np.repeat(expected, 3, axis=1), atol=1e-6
    )


@pytest.mark.parametrize("which", [[True, False, True], [False, True, False], [False] * 3])
def test_only_the_heads_named_are_kept(which: list[bool]) -> None:
    used = trained(3, three("adam"), epochs=1)
    before, kept = probabilities(used, [VECTORS]), used.weights()
    train(used, [1])
    after = probabilities(used, [VECTORS])
    used.keep(kept, np.array(which))
    used.set_weights(kept)
    found = probabilities(used, [VECTORS])
    for number, is_kept in enumerate(which):
        expected = after if is_kept else before
        np.testing.assert_array_equal(found[:, number], expected[:, number])
        assert not np.array_equal(before[:, number], after[:, number])


def test_weights_are_copies() -> None:
    used = trained(3, three("adam"), epochs=1)
    kept = used.weights()
    copies = [value.copy() for value in kept]
    train(used, [1])
    for value, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(value, copy)


def test_heads_that_stop_early_end_where_they_would_alone() -> None:
    configurations = three("sgd")
    schedule = Schedule(12, 2, freeze_batch_norm=True, seed=SEED)
    rows, parts = in_memory(VECTORS), splits(len(LABELS))

    def run(n_heads: int, of: list[Configuration]) -> tuple[list, list[np.ndarray]]:
        used = network(n_heads, "sgd")
        used.set_scalars(of)
        observed = Observed(used, [VECTORS])
        outcomes = train_splits(observed, rows, LABELS, parts, 8, schedule)
        return outcomes, observed.probabilities

    together, at_end = run(3, configurations)
    epochs = {outcome.epochs_run for of_head in together for outcome in of_head}
    assert len(epochs) > 1
    for number, one in enumerate(configurations):
        (alone,), alone_at_end = run(1, [one])
        assert list(map(scores, together[number])) == list(map(scores, alone))
        for found, expected in zip(at_end, alone_at_end, strict=True):
            np.testing.assert_allclose(found[:, number], expected[:, 0], atol=1e-5)


def test_a_head_that_diverges_harms_no_other() -> None:
    calm = three("sgd")
    wild = [calm[0], configuration(optimizer="sgd", learning_rate=1e30), calm[2]]
    expected = probabilities(trained(3, calm), [VECTORS])
    found = probabilities(trained(3, wild), [VECTORS])
    assert not np.isfinite(found[:, 1]).all()
    np.testing.assert_array_equal(found[:, [0, 2]], expected[:, [0, 2]])


def test_predictions_are_the_likeliest_classes_of_each_head() -> None:
    used = trained(3, three("sgd"))
    found = used.predict([VECTORS])
    assert found.shape == (len(VECTORS), 3)
    np.testing.assert_array_equal(found, probabilities(used, [VECTORS]).argmax(axis=2))


def test_the_first_heads_weights_make_a_network_of_its_own() -> None:
    together = three("adam")
    trained_together = trained(3, together, epochs=1)
    inputs = keras.Input((VECTORS.shape[1],))
    alone = keras.Model(inputs, add_head(inputs, together[0], 3, seed=9))
    for name, weights in zip(HEAD_LAYERS, trained_together.head_weights(), strict=True):
        alone.get_layer(name).set_weights(weights)
    np.testing.assert_allclose(
        alone.predict(VECTORS, verbose=0),
        trained_together.probabilities([VECTORS])[:, 0],
        atol=1e-5,
    )


def test_the_work_of_a_head_grows_with_its_width_and_with_the_steps_of_an_epoch() -> None:
    narrow = configuration(dense_units=512, batch_size=32)
    assert head_work(narrow, 320) == 10 * 512
    assert head_work(narrow, 640) == head_work(configuration(dense_units=1024, batch_size=32), 320)
    assert head_work(configuration(dense_units=512, batch_size=16), 320) == 20 * 512
