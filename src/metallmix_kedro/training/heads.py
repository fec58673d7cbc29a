"""Many heads on the same features as one network (paper, section 2.1: the head).

Heads that agree in width, optimizer and batch size differ in scalars only: learning rate, dropout
and weight decay. Side by side they are one network: one dense layer as wide as all of them, batch
norm (which treats every unit by itself), and a block-diagonal output. The gradient of the sum of
their losses is, block by block, the gradient of each, so each is trained as if it were alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import require
from metallmix_kedro.training.fitting import Floats, Network
from metallmix_kedro.training.network import (
    HEAD_LAYERS,
    STRATEGIES,
    compiled_by_xla,
    optimizer_class,
    weight_decay,
)

_DENSE_KERNEL = "head_dense/kernel"
_SCALARS = ("learning_rate", "dropout", "weight_decay")


def trained_together(configuration: Configuration) -> tuple[tuple[str, object], ...]:
    """Return what configurations have to agree in to be trained together."""
    values = configuration.as_dict()
    if configuration.strategy == "feature_extraction":
        values = {name: value for name, value in values.items() if name not in _SCALARS}
    return tuple(values.items())


def cheap_first(configuration: Configuration) -> tuple[int, int, str]:
    """Order by strategy, then so that heads which can share a traced network follow each other."""
    strategy = STRATEGIES.index(configuration.strategy)
    if configuration.strategy != "feature_extraction":
        return strategy, 0, ""
    return strategy, configuration.dense_units, configuration.optimizer


def head_work(configuration: Configuration, n_images: int) -> float:
    """Measure the work of training a head: steps of an epoch times units."""
    return n_images / int(configuration.batch_size) * int(configuration.dense_units)


def heads_at_once(configuration: Configuration, n_features: int, most_weights: int) -> int:
    """Count the heads whose first layers have no more weights together; one at least."""
    return max(1, most_weights // (n_features * int(configuration.dense_units)))


@dataclass(frozen=True, slots=True)
class HeadShape:
    """What heads must agree in to be one network: all but the scalars.

    ``n_features`` is the length of a pooled feature vector, ``n_classes`` the width of a softmax,
    ``decays`` whether the weights of any of them decay.
    """

    n_heads: int
    dense_units: int
    optimizer: str
    n_features: int
    n_classes: int
    decays: bool = False

    @classmethod
    def of(
        cls, configurations: Sequence[Configuration], n_features: int, n_classes: int
    ) -> "HeadShape":
        """Return the shape of the network of some configurations."""
        return cls(
            n_heads=len(configurations),
            dense_units=configurations[0].dense_units,
            optimizer=configurations[0].optimizer,
            n_features=n_features,
            n_classes=n_classes,
            decays=any(map(weight_decay, configurations)),
        )


class HeadsNetwork(Network):
    """Heads trained side by side, with a block of every variable for each.

    What Keras has traced serves all heads of the same shape, one after another: the scalars are
    variables, see `set_scalars`.

    Parameters
    ----------
    shape : HeadShape
        How many heads, and of which kind.
    seed : int
        Seed of initial weights and dropout, the same for every head: as if each were alone.
    """

    def __init__(self, shape: HeadShape, seed: int) -> None:
        self.n_networks = shape.n_heads
        self._model = _build(shape, seed)
        optimizer = _optimizer_class(shape.optimizer)(shape.n_heads, shape.decays)
        self._model.compile(optimizer=optimizer, loss=_sum_of_losses, jit_compile=compiled_by_xla())
        optimizer.build(self._model.trainable_variables)
        self._rates, self._decays = optimizer.rates, optimizer.decays
        self._dropout = self._model.get_layer("head_dropout").rates
        # Of the model's variables only the dropout's random state belongs to no head.
        weights = [weight for weight in self._model.weights if weight is not self._dropout]
        scalars = (self._rates, self._decays, self._dropout)
        state = [
            variable
            for variable in (*self._model.variables, *optimizer.variables)
            if not any(variable is scalar for scalar in scalars)
        ]
        self.starts_as_it_is(state, weights)

    def set_scalars(self, configurations: Sequence[Configuration]) -> None:
        """Give each head its own scalars, in which alone they differ."""
        self._rates.assign([c.learning_rate for c in configurations])
        self._dropout.assign([c.dropout for c in configurations])
        if self._decays is not None:
            self._decays.assign([weight_decay(c) for c in configurations])

    def train_on(self, inputs: list[Floats], labels: NDArray[np.int64]) -> None:
        """Take one step on a batch, shapes (batch, n_features) and (batch,)."""
        self._model.train_on_batch(inputs[0], np.repeat(labels[:, None], self.n_networks, axis=1))

    def probabilities(self, inputs: list[Floats]) -> Floats:
        """Return every head's class probabilities, shape (n_images, n_heads, n_classes)."""
        return np.asarray(self._model.predict_on_batch(inputs[0]))

    def head_weights(self) -> list[list[Floats]]:
        """Return the weights of the first head, by layer, as `network.HEAD_LAYERS`."""
        dense, norm, softmax = (self._model.get_layer(name) for name in HEAD_LAYERS)
        units = dense.bias.shape[0] // self.n_networks
        return [
            [weight[..., :units] for weight in dense.get_weights()],
            [weight[:units] for weight in norm.get_weights()],
            [weight[0] for weight in softmax.get_weights()],
        ]

    def keep(self, kept: list[Floats], which: NDArray[np.bool_]) -> None:
        """Copy the present weights of some heads into `kept`, in place."""
        for variable, value in zip(self._weights, kept, strict=True):
            present = _by_head(np.asarray(variable), variable.path, self.n_networks)
            _by_head(value, variable.path, self.n_networks)[which] = present[which]


def _by_head(value: Floats, path: str, n_heads: int) -> Floats:
    """View a variable's value with the heads as its first axis."""
    if path.endswith(_DENSE_KERNEL):
        return np.moveaxis(value.reshape(len(value), n_heads, -1), 1, 0)
    # The dense layer's bias and batch norm have the units of all heads in one row.
    return value.reshape(n_heads, -1) if value.ndim == 1 else value


def _build(shape: HeadShape, seed: int) -> Any:
    """Build the paper's head as often as there are heads (see `network.add_head`)."""
    keras = require("keras", "experiments")
    layers, glorot = keras.layers, keras.initializers.GlorotUniform
    n_heads, units = shape.n_heads, shape.dense_units
    inputs = keras.Input((shape.n_features,))
    # One wide product: an einsum over heads costs half as much again.
    x = layers.Dense(n_heads * units, name="head_dense")(inputs)
    x = layers.BatchNormalization(name="head_batch_norm")(x)
    x = layers.ReLU()(x)
    x = layers.Reshape((n_heads, units))(x)
    x = _dropout_class()(n_heads, seed)(x)
    outputs = layers.EinsumDense(
        "bhu,huc->bhc",
        (n_heads, shape.n_classes),
        bias_axes="hc",
        activation="softmax",
        name="head_softmax",
    )(x)
    model = keras.Model(inputs, outputs)
    # Every head starts where it would start alone.
    dense = np.asarray(glorot(seed=seed)((shape.n_features, units)))
    softmax = np.asarray(glorot(seed=seed + 1)((units, shape.n_classes)))
    model.get_layer("head_dense").kernel.assign(np.tile(dense, (1, n_heads)))
    model.get_layer("head_softmax").kernel.assign(np.stack([softmax] * n_heads))
    return model


def _sum_of_losses(truth: Any, predicted: Any) -> Any:
    """Sum over heads of each head's mean cross-entropy; shapes (batch, heads[, classes])."""
    keras = require("keras", "experiments")
    losses = keras.losses.sparse_categorical_crossentropy(truth, predicted)
    return keras.ops.sum(keras.ops.mean(losses, axis=0))


@cache
def _dropout_class() -> Any:
    """Make the dropout layer's class; Keras is imported only where something is trained."""
    keras = require("keras", "experiments")
    base: Any = keras.layers.Layer

    class HeadsDropout(base):  # type: ignore[misc]
        """Dropout with a rate for each head and one noise for all: what each would draw alone."""

        def __init__(self, n_heads: int, seed: int) -> None:
            super().__init__(name="head_dropout")
            self.rates = self.add_weight((n_heads,), initializer="zeros", trainable=False)
            self._generator = keras.random.SeedGenerator(seed)

        def call(self, inputs: Any, training: bool = False) -> Any:
            if not training:
                return inputs
            shape = (keras.ops.shape(inputs)[0], 1, inputs.shape[2])
            noise = keras.random.uniform(shape, seed=self._generator)
            rates = keras.ops.reshape(self.rates, (1, -1, 1))
            kept = keras.ops.cast(noise >= rates, inputs.dtype)
            return inputs * kept / (1 - rates)

    return HeadsDropout


@cache
def _optimizer_class(name: str) -> Any:
    """Make an optimizer's class with a learning rate and a weight decay for each head.

    The updates of all three optimizers are the learning rate times something that does not depend
    on it, element by element, so an array of rates does what a scalar does.
    """
    keras = require("keras", "experiments")
    base: Any = optimizer_class(name)

    class PerHead(base):  # type: ignore[misc]
        """The optimizer, with ``rates`` and ``decays``, variables, in place of its scalars."""

        def __init__(self, n_heads: int, decays: bool) -> None:
            super().__init__(learning_rate=1.0)
            self._n_heads = n_heads
            self._does_decay = decays
            self.decays: Any = None

        def build(self, variables: list[Any]) -> None:
            if not self.built:
                self.rates = self.add_variable((self._n_heads,), name="rates")
                if self._does_decay:
                    self.decays = self.add_variable((self._n_heads,), name="decays")
                self._paths = [variable.path for variable in variables]
            super().build(variables)

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            if self.decays is not None:
                lost = self._spread(self.decays * self.rates, variable)
                variable.assign(variable - variable * lost)
            rates = self._spread(self.rates, variable)
            super().update_step(gradient, variable, learning_rate * rates)

        def _spread(self, scalars: Any, variable: Any) -> Any:
            """Give each head's part of a variable its scalar, in a shape that broadcasts."""
            shape = tuple(variable.shape)
            path = self._paths[self._get_variable_index(variable)]
            if len(shape) == 1 or path.endswith(_DENSE_KERNEL):
                return keras.ops.repeat(scalars, shape[-1] // self._n_heads)
            return keras.ops.reshape(scalars, (-1, *[1] * (len(shape) - 1)))

    return PerHead
