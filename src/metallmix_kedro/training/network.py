"""The paper's network, cut where training begins (paper, section 2.1).

A pretrained backbone is split into a *frozen part*, a constant function of the image that is
computed once, and a *trained part*, which is built anew for each trial and ends in the paper's
head. Feature extraction freezes the whole backbone with its pooling; full fine-tuning freezes
nothing.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import require

Strategy = Literal["feature_extraction", "last_10", "last_30", "full"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
"""What can be trained of a backbone, from the fewest layers to all: the cheapest first."""

TRAINED_LAYERS = {"last_10": 10, "last_30": 30}
"""Layers of the backbone that a strategy trains, counted from its output."""

_OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"}
OPTIMIZERS = tuple(_OPTIMIZERS)
"""The optimizers that a configuration may name."""

HEAD_LAYERS = ("head_dense", "head_batch_norm", "head_softmax")
"""The layers of the head that have weights."""


@dataclass(frozen=True)
class CutBackbone:
    """A backbone cut in two.

    ``frozen`` maps preprocessed images to the activations that cross the cut (None: nothing is
    frozen, the images themselves cross it); ``trained`` maps these to the backbone's output
    (None: nothing of the backbone is trained and ``frozen`` already pools). ``whole`` is the
    backbone itself, of the same layers: what is trained of it is trained in it too.
    """

    frozen: Any
    trained: Any
    whole: Any = None


def _producer(tensor: Any) -> Any:
    return tensor._keras_history.operation


def crossing_tensors(backbone: Any, n_trained: int) -> list[Any]:
    """Find the tensors that go from the frozen layers into the last `n_trained` layers.

    A backbone is a graph, not a chain: through residual and dense connections a trained layer may
    read the output of several frozen ones.

    Parameters
    ----------
    backbone : keras.Model
        A functional model.
    n_trained : int
        Number of layers, counted from the output in the order of ``backbone.layers``.

    Returns
    -------
    list of keras.KerasTensor
        Each tensor once, in the order in which the trained layers read them.
    """
    keras = require("keras", "experiments")
    trained = set(map(id, backbone.layers[-n_trained:]))
    crossing: dict[int, Any] = {}
    for layer in backbone.layers[-n_trained:]:
        for tensor in keras.tree.flatten(layer.input):
            if id(_producer(tensor)) not in trained:
                crossing.setdefault(id(tensor), tensor)
    return list(crossing.values())


def cut_backbone(backbone: Any, strategy: str) -> CutBackbone:
    """Cut a backbone below the first layer that a strategy trains.

    Parameters
    ----------
    backbone : keras.Model
        Pretrained functional model without head, output (batch, height, width, channels).
    strategy : str
        One of `STRATEGIES`.

    Returns
    -------
    CutBackbone
        Both parts share the backbone's layers and weights.
    """
    keras = require("keras", "experiments")
    if strategy == "full":
        return CutBackbone(frozen=None, trained=backbone, whole=backbone)
    if strategy == "feature_extraction":
        pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
        return CutBackbone(keras.Model(backbone.input, pooled), trained=None, whole=backbone)
    crossing = crossing_tensors(backbone, TRAINED_LAYERS[strategy])
    return CutBackbone(
        frozen=keras.Model(backbone.input, crossing),
        trained=keras.Model(crossing, backbone.output),
        whole=backbone,
    )


def set_trainable(model: Any, freeze_batch_norm: bool) -> None:
    """Make all layers of a model trainable, batch norm only if it is not to stay frozen.

    Frozen batch norm also runs on its stored statistics in training (Keras 3).
    """
    keras = require("keras", "experiments")
    for layer in model.layers:
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = not (is_norm and freeze_batch_norm)


def add_head(pooled: Any, configuration: Configuration, n_classes: int, seed: int) -> Any:
    """Put the paper's head on pooled features: dense, batch norm, ReLU, dropout, softmax.

    Parameters
    ----------
    pooled : keras.KerasTensor
        Shape (batch, channels).
    configuration : Configuration
        Gives width and dropout.
    n_classes : int
        Width of the softmax.
    seed : int
        Seed of the initial weights and of the dropout.

    Returns
    -------
    keras.KerasTensor
        Class probabilities, shape (batch, n_classes).
    """
    keras = require("keras", "experiments")
    layers, glorot = keras.layers, keras.initializers.GlorotUniform
    x = layers.Dense(
        configuration.dense_units, kernel_initializer=glorot(seed=seed), name="head_dense"
    )(pooled)
    x = layers.BatchNormalization(name="head_batch_norm")(x)
    x = layers.ReLU(name="head_relu")(x)
    x = layers.Dropout(configuration.dropout, seed=seed, name="head_dropout")(x)
    return layers.Dense(
        n_classes,
        activation="softmax",
        kernel_initializer=glorot(seed=seed + 1),
        name="head_softmax",
    )(x)


def compiled_by_xla() -> bool:
    """Whether Keras is to compile what it trains by XLA.

    JAX has nothing else. TensorFlow takes longer with it than without on a CPU: to compile, and
    for a step of networks as small as these.
    """
    return bool(require("keras", "experiments").backend.backend() != "tensorflow")


def optimizer_class(name: str) -> Any:
    """Return Keras' class of one of `OPTIMIZERS`."""
    return getattr(require("keras", "experiments").optimizers, _OPTIMIZERS[name])


def weight_decay(configuration: Configuration) -> float:
    """Return the share of itself, times the learning rate, that a weight loses in every step."""
    return float(configuration.get("weight_decay", 0.0))


def assign(variables: list[Any], values: list[Any]) -> None:
    """Give each variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
