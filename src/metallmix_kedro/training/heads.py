"""Many heads on the same features as one network (paper, section 2.1: the head).

Heads that agree in width, optimizer and batch size differ in two scalars only, learning rate and
dropout. Side by side they are one network: one dense layer as wide as all of them, batch norm
(which treats every unit by itself), and a block-diagonal output. The gradient of the sum of their
losses is, block by block, the gradient of each, so each is trained as if it were alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support.extras import require
from metallmix_kedro.training.network import assign, compiled_by_xla, optimizer_class

Floats = NDArray[np.float32]
_DENSE_KERNEL = "head_dense/kernel"


@dataclass(frozen=True, slots=True)
class HeadShape:
    """What heads must agree in to be one network: all but the two scalars.

    ``n_features`` is the length of a pooled feature vector, ``n_classes`` the width of a softmax.
    """

    n_heads: int
    dense_units: int
    optimizer: str
    n_features: int
    n_classes: int


class HeadsNetwork:
    """Heads trained side by side, with a block of every variable for each (a `Network`).

    What Keras has traced serves all heads of the same shape, one after another: learning rates and
    dropout are variables, see `set_scalars`.

    Parameters
    ----------
    shape : HeadShape
        How many heads, and of which kind.
    seed : int
        Seed of initial weights and dropout, the same for every head: as if each were alone.
    """

    rows_at_once = 64

    def __init__(self, shape: HeadShape, seed: int) -> None:
        self.n_networks = shape.n_heads
        self._model = _build(shape, seed)
        optimizer = _optimizer_class(shape.optimizer)(shape.n_heads)
        self._model.compile(optimizer=optimizer, loss=_sum_of_losses, jit_compile=compiled_by_xla())
        optimizer.build(self._model.trainable_variables)
        self._rates = optimizer.rates
        self._dropout = self._model.get_layer("head_dropout").rates
        # Of the model's variables only the dropout's random state belongs to no head.
        self._weights = [weight for weight in self._model.weights if weight is not self._dropout]
        scalars = (self._rates, self._dropout)
        self._state = [
            variable
            for variable in (*self._model.variables, *optimizer.variables)
            if not any(variable is scalar for scalar in scalars)
        ]
        self._initial = [np.asarray(variable).copy() for variable in self._state]

    def set_scalars(self, configurations: Sequence[Configuration]) -> None:
        """Give each head its learning rate and its dropout, in which alone they differ."""
        self._rates.assign([c.learning_rate for c in configurations])
        self._dropout.assign([c.dropout for c in configurations])

    def reset(self) -> None:
        """Go back to the state before training; what Keras has traced stays."""
        assign(self._state, self._initial)

    def train_on(self, inputs: list[Floats], labels: NDArray[np.int64]) -> None:
        """Take one step on a batch, shapes (batch, n_features) and (batch,)."""
        self._model.train_on_batch(inputs[0], np.repeat(labels[:, None], self.n_networks, axis=1))

    def predict(self, inputs: list[Floats]) -> NDArray[np.int64]:
        """Return every head's classes, shape (n_images, n_heads)."""
        probabilities = np.asarray(self._model.predict_on_batch(inputs[0]))
        return np.asarray(probabilities.argmax(axis=2), dtype=np.int64)

    def weights(self) -> list[Floats]:
        """Return a copy of all weights."""
        return [np.asarray(variable).copy() for variable in self._weights]

    def keep(self, kept: list[Floats], which: NDArray[np.bool_]) -> None:
        """Copy the present weights of some heads into `kept`, in place."""
        for variable, value in zip(self._weights, kept, strict=True):
            present = _by_head(np.asarray(variable), variable.path, self.n_networks)
            _by_head(value, variable.path, self.n_networks)[which] = present[which]

    def set_weights(self, values: list[Floats]) -> None:
        """Put weights back."""
        assign(self._weights, values)


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
    """Make an optimizer's class with a learning rate for each head.

    The updates of all three optimizers are the learning rate times something that does not depend
    on it, element by element, so an array of rates does what a scalar does.
    """
    keras = require("keras", "experiments")
    base: Any = optimizer_class(name)

    class PerHead(base):  # type: ignore[misc]
        """The optimizer, with ``rates``, a variable, in place of a learning rate."""

        def __init__(self, n_heads: int) -> None:
            super().__init__(learning_rate=1.0)
            self._n_heads = n_heads

        def build(self, variables: list[Any]) -> None:
            if not self.built:
                self.rates = self.add_variable((self._n_heads,), name="rates")
                self._paths = [variable.path for variable in variables]
            super().build(variables)

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            super().update_step(gradient, variable, learning_rate * self._spread(variable))

        def _spread(self, variable: Any) -> Any:
            """Give each head's part of a variable its rate, in a shape that broadcasts."""
            shape = tuple(variable.shape)
            path = self._paths[self._get_variable_index(variable)]
            if len(shape) == 1 or path.endswith(_DENSE_KERNEL):
                return keras.ops.repeat(self.rates, shape[-1] // self._n_heads)
            return keras.ops.reshape(self.rates, (-1, *[1] * (len(shape) - 1)))

    return PerHead
