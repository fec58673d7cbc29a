"""The plain way to train a trial: the whole network on images. What is cached must equal it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.fine_tuning import FineTunedNetwork
from metallmix_kedro.training.fitting import Schedule, train_splits
from metallmix_kedro.training.heads import HeadShape, HeadsNetwork
from metallmix_kedro.training.inputs.rows import Rows
from metallmix_kedro.training.inputs.splits import Split
from metallmix_kedro.training.network import CutBackbone, add_head
from metallmix_kedro.training.outcome import FoldOutcome

N_TRAINED = {"feature_extraction": 0, "last_10": 10, "last_30": 30}


class WholeNetwork:
    """A backbone with the paper's head, trained on images below whose cut nothing learns.

    Frozen layers are not trainable, which also keeps batch norm at its stored statistics, and
    drop nothing. It fulfils `training.Network`.
    """

    n_networks = 1
    rows_at_once = 64

    def __init__(
        self,
        backbone: Any,
        configuration: Configuration,
        n_classes: int,
        freeze_batch_norm: bool,
        seed: int,
        eager: bool = True,
    ) -> None:
        import keras

        first_trained = len(backbone.layers) - N_TRAINED[configuration.strategy]
        for number, layer in enumerate(backbone.layers):
            is_norm = isinstance(layer, keras.layers.BatchNormalization)
            layer.trainable = number >= first_trained and not (is_norm and freeze_batch_norm)
            if number < first_trained and isinstance(layer, keras.layers.Dropout):
                layer.rate = 0
        pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
        self._model = keras.Model(backbone.input, add_head(pooled, configuration, n_classes, seed))
        optimizers = {
            "adam": keras.optimizers.Adam,
            "sgd": keras.optimizers.SGD,
            "rmsprop": keras.optimizers.RMSprop,
        }
        optimizer = optimizers[configuration.optimizer](configuration.learning_rate)
        self._model.compile(
            optimizer=optimizer,
            loss="sparse_categorical_crossentropy",
            run_eagerly=eager,
            jit_compile=False,
        )
        optimizer.build(self._model.trainable_variables)
        self._state = [*self._model.variables, *optimizer.variables]
        self._initial = [np.asarray(variable).copy() for variable in self._state]

    def reset(self) -> None:
        for variable, value in zip(self._state, self._initial, strict=True):
            variable.assign(value)

    def train_on(self, inputs: list[np.ndarray], labels: np.ndarray) -> None:
        self._model.train_on_batch(inputs[0], labels)

    def predict(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.asarray(self._model.predict_on_batch(inputs[0])).argmax(axis=1)[:, None]

    def weights(self) -> list[np.ndarray]:
        return self._model.get_weights()

    def keep(self, kept: list[np.ndarray], which: np.ndarray) -> None:
        if which[0]:
            kept[:] = self.weights()

    def set_weights(self, values: list[np.ndarray]) -> None:
        self._model.set_weights(values)


@contextmanager
def double_precision() -> Iterator[None]:
    """Let Keras calculate in 64 bits.

    What training makes of a difference in the last of 32 bits can be large. With 64 bits two ways
    of calculating the same agree to many digits, and any other difference is an error.
    """
    import keras

    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


def settle(backbone: Any, images: np.ndarray) -> Any:
    """Give an untrained backbone's batch norm the statistics of some images.

    Without them what goes through a deep untrained network vanishes or explodes, and two such
    networks differ in nothing.
    """
    norms = [layer for layer in backbone.layers if hasattr(layer, "moving_mean")]
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    backbone(images, training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
    return backbone


class Observed:
    """A network whose class probabilities are noted whenever training on a split has ended."""

    def __init__(self, network: Any, inputs: list[np.ndarray]) -> None:
        self._network = network
        self._inputs = inputs
        self.probabilities: list[np.ndarray] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def set_weights(self, values: list[np.ndarray]) -> None:
        self._network.set_weights(values)
        self.probabilities.append(probabilities(self._network, self._inputs))


def probabilities(network: Any, inputs: list[np.ndarray]) -> np.ndarray:
    """Class probabilities, shape (n_images[, n_networks], n_classes)."""
    takes_a_list = isinstance(network._model.input, list)
    found = network._model(inputs if takes_a_list else inputs[0], training=False)
    return np.asarray(found)


def crossing(cut: CutBackbone, images: np.ndarray) -> list[np.ndarray]:
    """What crosses a cut, in the precision of the network."""
    outputs = cut.frozen(images, training=False)
    return [np.asarray(one) for one in (outputs if isinstance(outputs, list) else [outputs])]


def cached_network(
    cut: CutBackbone,
    configuration: Configuration,
    n_features: int,
    n_classes: int,
    freeze_batch_norm: bool,
    seed: int,
) -> HeadsNetwork | FineTunedNetwork:
    """What the experiment grid trains for a configuration."""
    if configuration.strategy != "feature_extraction":
        return FineTunedNetwork(cut, configuration, n_classes, freeze_batch_norm, seed)
    shape = HeadShape(1, configuration.dense_units, configuration.optimizer, n_features, n_classes)
    heads = HeadsNetwork(shape, seed)
    heads.set_scalars([configuration])
    return heads


def scores(outcome: FoldOutcome) -> tuple[float, ...]:
    """All of an outcome that does not depend on a clock."""
    return (
        outcome.train_accuracy,
        outcome.validation_accuracy,
        outcome.test_accuracy,
        outcome.test_precision,
        outcome.test_recall,
        outcome.test_f1,
        outcome.epochs_run,
        sum(outcome.n_hits),
        *outcome.validation_curve,
    )


def assert_cached_is_whole(
    cut: CutBackbone,
    backbone: Any,
    configuration: Configuration,
    images: np.ndarray,
    labels: np.ndarray,
    splits: list[Split],
    *,
    n_epochs: int,
    freeze_batch_norm: bool = True,
    seed: int = 7,
) -> None:
    """Train on what crosses the cut, and the whole network on images; both must end the same.

    Parameters
    ----------
    cut : CutBackbone
        Of a backbone that is equal to `backbone` but shares no layer with it.
    """
    n_classes, arrays = int(labels.max()) + 1, crossing(cut, images)
    n_features = arrays[0].shape[1]
    cached = cached_network(cut, configuration, n_features, n_classes, freeze_batch_norm, seed)
    whole = WholeNetwork(backbone, configuration, n_classes, freeze_batch_norm, seed)
    start = probabilities(whole, [images])
    ends, outcomes = [], []
    for network, inputs in ((cached, arrays), (whole, [images])):
        observed = Observed(network, inputs)
        (of_splits,) = train_splits(
            observed,
            [Rows(array) for array in inputs],
            labels,
            splits,
            configuration.batch_size,
            Schedule(n_epochs, n_epochs, freeze_batch_norm, seed),
        )
        outcomes.append([scores(outcome) for outcome in of_splits])
        ends.append([end.reshape(len(labels), n_classes) for end in observed.probabilities])
    assert outcomes[0] == outcomes[1]
    for found, expected in zip(*ends, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert np.abs(expected - start).max() > 1e-2
        assert np.ptp(expected, axis=0).max() > 1e-2
