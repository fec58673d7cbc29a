"""Changing images a little in every epoch, so that more can be learned from few of them."""

from typing import Any

from metallmix_kedro.support import require

AUGMENTATIONS = ("none", "light", "strong")
"""From least to most: nothing; horizontal flips and small shifts; rotation, zoom and contrast
besides."""

_SHIFT, _TURN, _ZOOM, _CONTRAST = 0.1, 0.05, 0.15, 0.2
"""At most: of the side; of a full turn; of the size; of the distance to the mean."""


def augmented(images: Any, augmentation: str, seed: int) -> Any:
    """Put layers on images that change them at random, in training only.

    They change what a backbone's preprocessing has made of the pixels, which is the same as before
    it: preprocessing scales and shifts each channel by itself. What comes into sight at the edges
    is the image mirrored.

    Parameters
    ----------
    images : keras.KerasTensor
        Preprocessed images, shape (batch, side, side, 3).
    augmentation : str
        One of `AUGMENTATIONS`.
    seed : int
        Seed of the changes.

    Returns
    -------
    keras.KerasTensor
        Of the same shape; `images` itself for ``"none"``.
    """
    if augmentation == "none":
        return images
    layers = require("keras", "experiments").layers
    changes = [
        layers.RandomFlip("horizontal", seed=seed),
        layers.RandomTranslation(_SHIFT, _SHIFT, seed=seed + 1),
    ]
    if augmentation == "strong":
        changes += [
            layers.RandomRotation(_TURN, seed=seed + 2),
            layers.RandomZoom(_ZOOM, seed=seed + 3),
            layers.RandomContrast(
                _CONTRAST, value_range=(-float("inf"), float("inf")), seed=seed + 4
            ),
        ]
    for change in changes:
        images = change(images)
    return images
