"""Build a backbone with its pretrained weights (paper, section 2.1: the base models).

A backbone that this module returns carries the weights that were asked for, or an error was
raised: untrained weights are never a fallback.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from metallmix_kedro.backbones.efficientnet_lite import LITE_VARIANTS, build_efficientnet_lite
from metallmix_kedro.backbones.lite_weights import load_lite_weights
from metallmix_kedro.backbones.preprocessing import preprocess
from metallmix_kedro.backbones.registry import KERAS_IMAGENET, Backbone, get_backbone
from metallmix_kedro.backbones.weights import resolve_weights
from metallmix_kedro.support import ParameterError, WeightsError, require

__all__ = ["build_backbone", "preprocess", "weights_id"]

_PUBLISHED_INPUT_DEVIATIONS = (0.229, 0.224, 0.225)


def weights_id(name: str, weights: str | Path | None = None) -> str:
    """Name the weights that `build_backbone` would use, stable over machines and runs.

    Parameters
    ----------
    name : str
        A registered backbone.
    weights : str, pathlib.Path or None
        As in `build_backbone`.

    Returns
    -------
    str
        ``imagenet:keras``, ``pip:<distribution>==<version>``, ``file:<12 digits of SHA-256>`` or
        ``random:<seed>``.

    Raises
    ------
    ParameterError
        If the backbone is not registered.
    WeightsError
        If the source is missing or does not belong to the backbone.
    """
    return resolve_weights(get_backbone(name), weights).id


def build_backbone(name: str, image_size: int, weights: str | Path | None = None) -> Any:
    """Build a pretrained network without its classifier.

    Parameters
    ----------
    name : str
        A registered backbone.
    image_size : int
        Side of the square input images in pixels, at least the backbone's ``min_image_size``.
    weights : str, pathlib.Path or None
        ``None`` for the registry's source; ``"imagenet"`` for Keras' own download;
        ``"pip:<distribution>"``; the path of a Keras weights file (``.weights.h5``, ``.h5``,
        ``.keras``; for EfficientNet-Lite also torch's ``.pth``); ``"random:<seed>"`` for
        untrained weights, which also sets Keras' global seed.

    Returns
    -------
    keras.Model
        A functional model of the network's layers only: no pooling, no classifier. Input
        (batch, image_size, image_size, 3), already through `preprocess`; output (batch, height,
        width, channels).

    Raises
    ------
    ParameterError
        If the backbone is not registered or the image size is too small for it.
    WeightsError
        If the weights are missing, damaged, of another network, or cannot be downloaded.
    MissingExtraError
        If Keras is not installed.
    """
    backbone = get_backbone(name)
    if image_size < backbone.min_image_size:
        raise ParameterError(
            f"image_size {image_size} is too small for {name}: it needs at least "
            f"{backbone.min_image_size} pixels."
        )
    source = resolve_weights(backbone, weights)
    if source.file is None and source.seed is None:
        return _download(backbone, image_size)
    if source.seed is not None:
        require("keras", "experiments").utils.set_random_seed(source.seed)
    model = _untrained(backbone, image_size)
    if source.file is not None:
        _load(backbone, model, source.file)
    return model


def _untrained(backbone: Backbone, image_size: int) -> Any:
    if backbone.builder in LITE_VARIANTS:
        return build_efficientnet_lite(LITE_VARIANTS[backbone.builder], image_size)
    return _keras_application(backbone, image_size, weights=None)


def _keras_application(backbone: Backbone, image_size: int, weights: str | None) -> Any:
    applications = require("keras.applications", "experiments")
    width = {} if backbone.width == 1 else {"alpha": backbone.width}
    return getattr(applications, backbone.builder)(
        include_top=False, weights=weights, input_shape=(image_size, image_size, 3), **width
    )


def _download(backbone: Backbone, image_size: int) -> Any:
    require("keras", "experiments")
    try:
        return _keras_application(backbone, image_size, weights=KERAS_IMAGENET)
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise WeightsError(
            f"Keras could not provide its '{KERAS_IMAGENET}' weights for {backbone.name}: {error}. "
            f"Check the connection, or download the file elsewhere and give its path as the "
            f"weights of {backbone.name}."
        ) from error


def _load(backbone: Backbone, model: Any, file: Path) -> None:
    _mark_as_not_loaded(model)
    if file.suffix == ".pth" and backbone.builder in LITE_VARIANTS:
        load_lite_weights(LITE_VARIANTS[backbone.builder], model, file)
    else:
        _load_keras_file(backbone, model, file)
    unset = [
        weight.path
        for weight, value in zip(model.weights, model.get_weights(), strict=True)
        if not np.isfinite(value).all()
    ]
    if unset:
        raise WeightsError(
            f"The weights file {file} for {backbone.name} leaves {len(unset)} weights missing or "
            f"not finite, {unset[0]} first; fetch it again."
        )


def _mark_as_not_loaded(model: Any) -> None:
    """Replace initial weights by NaN: one that a file does not set cannot pass unseen."""
    for weight in model.weights:
        if weight.dtype.startswith("float"):
            weight.assign(np.full(weight.shape, np.nan, weight.dtype))


def _load_keras_file(backbone: Backbone, model: Any, file: Path) -> None:
    try:
        # Keras warns hundreds of times before it refuses a file of another network.
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            model.load_weights(file)
    except Exception as error:  # h5py, zipfile and Keras each raise kinds of their own
        raise WeightsError(
            f"The weights file {file} does not hold the weights of {backbone.name} without "
            f"classifier, or is damaged: {error}"
        ) from error
    _undo_published_input_scale(model)


def _undo_published_input_scale(model: Any) -> None:
    """Give EfficientNet's input layer variances where the published file has deviations.

    The published files store ImageNet's standard deviations as the variances of the layer
    ``Normalization``. Keras makes up for it with one more scaling layer, but only where it
    downloads the weights itself; read from a file, the same weights would see wrong inputs.
    """
    keras = require("keras", "experiments")
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            stored = keras.ops.convert_to_numpy(layer.adapt_variance)
            if np.allclose(stored, _PUBLISHED_INPUT_DEVIATIONS, atol=1e-3):
                layer.adapt_variance.assign(stored**2)
                layer.finalize_state()
