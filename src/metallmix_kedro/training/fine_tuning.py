"""Fine-tuning: the backbone's trained part with the head, as one network (paper, section 2.1)."""

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import require
from metallmix_kedro.training.augmentation import augmented
from metallmix_kedro.training.fitting import Floats, Network
from metallmix_kedro.training.network import (
    HEAD_LAYERS,
    CutBackbone,
    add_head,
    compiled_by_xla,
    optimizer_class,
    set_trainable,
    weight_decay,
)


class FineTunedNetwork(Network):
    """The layers that one trial trains, from what crosses the cut to class probabilities.

    What Keras has traced serves all trials that differ in nothing
    but the learning rate.

    Parameters
    ----------
    cut : CutBackbone
        The backbone; its weights are as before after `reset`.
    configuration : Configuration
        Gives head and optimizer.
    n_classes : int
        Width of the softmax.
    freeze_batch_norm : bool
        Keep the backbone's batch norm at its stored statistics.
    seed : int
        Seed of the head's initial weights and of dropout.
    """

    n_networks = 1

    def __init__(
        self,
        cut: CutBackbone,
        configuration: Configuration,
        n_classes: int,
        freeze_batch_norm: bool,
        seed: int,
    ) -> None:
        keras = require("keras", "experiments")
        set_trainable(cut.trained, freeze_batch_norm)
        inputs, activations = cut.trained.inputs, cut.trained.output
        augmentation = configuration.get("augmentation", "none")
        if augmentation != "none":  # of images: nothing is frozen
            inputs = keras.Input(inputs[0].shape[1:])
            activations = cut.trained(augmented(inputs, augmentation, seed))
        pooled = keras.layers.GlobalAveragePooling2D(name="head_pooling")(activations)
        self._model = keras.Model(inputs, add_head(pooled, configuration, n_classes, seed))
        self._optimizer = optimizer_class(configuration.optimizer)(
            configuration.learning_rate, weight_decay=weight_decay(configuration) or None
        )
        self._model.compile(
            optimizer=self._optimizer,
            loss="sparse_categorical_crossentropy",
            jit_compile=compiled_by_xla(),
        )
        self._optimizer.build(self._model.trainable_variables)
        state = [*self._model.variables, *self._optimizer.variables]
        self.starts_as_it_is(state, self._model.weights)

    def set_learning_rate(self, learning_rate: float) -> None:
        """Train with this learning rate from now on, also after `reset`."""
        rate = self._optimizer.learning_rate
        rate.assign(learning_rate)
        position = next(i for i, variable in enumerate(self._state) if variable is rate)
        self._initial[position] = np.asarray(rate).copy()

    def train_on(self, inputs: list[Floats], labels: NDArray[np.int64]) -> None:
        """Take one step on a batch of what crosses the cut."""
        self._model.train_on_batch(inputs, labels)

    def probabilities(self, inputs: list[Floats]) -> Floats:
        """Return class probabilities, shape (n_images, 1, n_classes)."""
        return np.asarray(self._model.predict_on_batch(inputs))[:, None]

    def head_weights(self) -> list[list[Floats]]:
        """Return the weights of the head, by layer, as `network.HEAD_LAYERS`."""
        return [self._model.get_layer(name).get_weights() for name in HEAD_LAYERS]

    def keep(self, kept: list[Floats], which: NDArray[np.bool_]) -> None:
        """Copy the present weights into `kept`, in place, if `which` says so."""
        if which[0]:
            kept[:] = self.weights()
