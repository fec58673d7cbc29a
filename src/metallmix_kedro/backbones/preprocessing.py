"""From pixel values to a network's input: the preprocessing each backbone was trained with."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.backbones.registry import Preprocessing, get_backbone
from metallmix_kedro.support import require

Images = NDArray[np.float32]

_IMAGENET_MEAN_RGB = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_IMAGENET_STD_RGB = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_IMAGENET_MEAN_BGR_PIXELS = np.array([103.939, 116.779, 123.68], dtype=np.float32)


def _none(images: Images) -> Images:
    return images


def _minus_one_to_one(images: Images) -> Images:
    return images / np.float32(127.5) - np.float32(1)


def _imagenet_statistics(images: Images) -> Images:
    return (images / np.float32(255) - _IMAGENET_MEAN_RGB) / _IMAGENET_STD_RGB


def _bgr_centred(images: Images) -> Images:
    return images[..., ::-1] - _IMAGENET_MEAN_BGR_PIXELS


def _lite(images: Images) -> Images:
    return (images - np.float32(127)) / np.float32(128)


_STEPS: dict[Preprocessing, Callable[[Images], Images]] = {
    "none": _none,
    "minus_one_to_one": _minus_one_to_one,
    "imagenet_statistics": _imagenet_statistics,
    "bgr_centred": _bgr_centred,
    "lite": _lite,
}


def preprocess_inside(name: str, images: Any) -> Any:
    """Put a backbone's preprocessing into a network: the same as `preprocess`, of plain layers.

    Parameters
    ----------
    name : str
        A registered backbone.
    images : keras.KerasTensor
        Shape (batch, height, width, 3), RGB, values 0..255.

    Returns
    -------
    keras.KerasTensor
        Of the same shape.
    """
    keras = require("keras", "experiments")
    kind = get_backbone(name).preprocessing
    if kind == "none":
        return images
    if kind == "bgr_centred":
        images = keras.ops.flip(images, axis=-1)
    # Every step is linear in each channel: what it makes of black and of white says all.
    black, white = (_STEPS[kind](np.full((3,), value, np.float32)) for value in (0, 255))
    return keras.layers.Rescaling(
        ((white - black) / 255).tolist(), offset=black.tolist(), name="preprocessing"
    )(images)


def preprocess(name: str, images: NDArray[np.generic]) -> Images:
    """Turn RGB pixel values into the input that a backbone was trained on.

    Parameters
    ----------
    name : str
        A registered backbone.
    images : numpy.ndarray
        Shape (..., height, width, 3), RGB, values 0..255 of any real type.

    Returns
    -------
    numpy.ndarray
        Same shape, float32, a new array. By the backbone's ``preprocessing``: ``none`` keeps
        0..255 (EfficientNet scales inside the network); ``minus_one_to_one`` gives -1..1;
        ``imagenet_statistics`` centres and scales each channel by ImageNet's; ``bgr_centred``
        turns RGB into BGR and subtracts ImageNet's mean pixel; ``lite`` is (x - 127) / 128,
        EfficientNet-Lite's own.

    Raises
    ------
    ParameterError
        If the backbone is not registered.
    """
    pixels = np.array(images, dtype=np.float32)
    return _STEPS[get_backbone(name).preprocessing](pixels)
