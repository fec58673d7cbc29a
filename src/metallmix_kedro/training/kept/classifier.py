"""The network that is kept: from images of any size to class probabilities, of Keras' own layers.

Loading it needs Keras alone, none of this project's classes.
"""

from pathlib import Path
from typing import Any

from metallmix_kedro.backbones import preprocess_inside
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import require, whole_file
from metallmix_kedro.training.fitting import Network
from metallmix_kedro.training.network import HEAD_LAYERS, add_head

RESIZING = "resizing"
"""Name of the layer that knows the side to which images are scaled."""


def save_classifier(path: Path, configuration: Configuration, whole: Any, network: Network) -> None:
    """Store a trained network as `build_classifier` builds it out of it and its backbone."""
    head = network.head_weights()
    n_classes = len(head[-1][-1])
    model = build_classifier(configuration.backbone, whole, configuration, head, n_classes)
    save_model(model, path)


def save_model(model: Any, path: Path) -> None:
    """Save a Keras model so that its file is there whole or not at all."""
    saving = require("keras.saving", "experiments")
    with whole_file(path) as file:
        written = Path(f"{file.name}.keras")  # Keras goes by the ending
        try:
            saving.save_model(model, written)
            file.write(written.read_bytes())
        finally:
            written.unlink(missing_ok=True)


def build_classifier(
    backbone: str,
    whole: Any,
    configuration: Configuration,
    head: list[list[Any]],
    n_classes: int,
) -> Any:
    """Build the network that is kept out of a trained backbone and a trained head.

    Parameters
    ----------
    backbone : str
        Its name: it decides the preprocessing.
    whole : keras.Model
        The backbone, from preprocessed images to activations; its layers are shared, not copied.
    configuration : Configuration
        Gives the head.
    head : list of list of numpy.ndarray
        Weights of `network.HEAD_LAYERS`.
    n_classes : int
        Width of the softmax.

    Returns
    -------
    keras.Model
        Input (batch, any height, any width, 1, 3 or 4 channels), RGB or grey, values 0..255 of any
        real type; output (batch, n_classes), probabilities.
    """
    keras = require("keras", "experiments")
    extractor = pretrained_extractor(backbone, whole)
    probabilities = add_head(
        keras.layers.GlobalAveragePooling2D(name="head_pooling")(extractor.output),
        configuration,
        n_classes,
        seed=0,
    )
    model = keras.Model(extractor.input, probabilities, name="classifier")
    for name, weights in zip(HEAD_LAYERS, head, strict=True):
        model.get_layer(name).set_weights(weights)
    return model


def pretrained_extractor(backbone: str, whole: Any) -> Any:
    """Put resizing and preprocessing, as layers, before a backbone.

    Images are scaled as Pillow does it (bilinear, smoothed where they shrink) to whole values; some
    differ by 1, since Pillow rounds once more on the way. Grey becomes three equal channels; an
    alpha channel is cut off.
    """
    keras = require("keras", "experiments")
    side = int(whole.input.shape[1])
    images = keras.Input((None, None, None), name="images")
    x = keras.layers.Resizing(side, side, antialias=True, name=RESIZING)(images)
    x = keras.ops.round(x)  # as Pillow stores what it has scaled
    x = keras.ops.concatenate([x, x, x], axis=-1)[..., :3]  # one channel, or the first three
    x = keras.layers.Reshape((side, side, 3), name="channels")(x)
    return keras.Model(images, whole(preprocess_inside(backbone, x)), name="extractor")
