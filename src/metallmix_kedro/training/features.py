"""What crosses the cut of a backbone: computed once for all trials that share it.

Everything below the first trained layer is a constant function of the image.
"""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.backbones import preprocess
from metallmix_kedro.support import require
from metallmix_kedro.training.inputs.cache import (
    ArrayCache,
    Arrays,
    CachedArrays,
    cache_key,
)
from metallmix_kedro.training.inputs.pixels import load_pixels
from metallmix_kedro.training.inputs.rows import MappedRows, Rows
from metallmix_kedro.training.network import CutBackbone

IMAGES_AT_ONCE = 32
"""Images that are read, or go through a frozen network, in one go."""


class Features:
    """What trials on one dataset read: its pixels, or the activations that cross a cut.

    Parameters
    ----------
    root : pathlib.Path
        Folder that the images' paths are relative to.
    images : pandas.DataFrame
        The images, in order, with the manifest's columns ``path`` and ``content_hash``.
    cache : ArrayCache
        Where pixels and activations are kept.
    """

    def __init__(self, root: Any, images: pd.DataFrame, cache: ArrayCache) -> None:
        self._root = root
        self._images = list(zip(images["path"], images["content_hash"], strict=True))
        self._contents = cache_key(images=images["content_hash"].tolist())
        self._cache = cache

    def crossing(
        self, cut: CutBackbone, backbone: str, weights_id: str, strategy: str, image_size: int
    ) -> CachedArrays:
        """Return what crosses a cut, one array a tensor, each with one row an image.

        Parameters
        ----------
        cut : CutBackbone
            The backbone, cut for `strategy`. Where nothing is frozen, the preprocessed images
            themselves cross, and their ``seconds`` are 0.
        backbone, weights_id, strategy : str
            What the frozen part is.
        image_size : int
            Side of the images in pixels.

        Raises
        ------
        InputError
            If an image has gone or changed since it was ingested.
        ParameterError
            If the cache is too small for these arrays.
        """

        def images() -> Rows:
            pixels = self._pixels(image_size)
            return MappedRows(pixels, lambda rows: preprocess(backbone, rows.astype(np.float32)))

        if cut.frozen is None:
            return CachedArrays([images()], 0.0)
        keras = require("keras", "experiments")
        backend = keras.backend.backend()
        key = cache_key(
            images=self._contents,
            backbone=backbone,
            weights=weights_id,
            strategy=strategy,
            image_size=image_size,
            libraries=[(name, version(name)) for name in ("keras", backend, "pillow")],
        )
        return self._cache.get(
            key, len(self._images), lambda: compute_features(cut.frozen, images())
        )

    def _pixels(self, image_size: int) -> Rows:
        key = cache_key(images=self._contents, image_size=image_size, pillow=version("pillow"))
        return self._cache.get(key, len(self._images), lambda: self._decode(image_size)).arrays[0]

    def _decode(self, image_size: int) -> Iterator[Arrays]:
        for start in range(0, len(self._images), IMAGES_AT_ONCE):
            part = self._images[start : start + IMAGES_AT_ONCE]
            yield [load_pixels(self._root, part, image_size)]


def compute_features(frozen: Any, images: Rows) -> Iterator[Arrays]:
    """Run the frozen part of a backbone over preprocessed images, in inference mode.

    Parameters
    ----------
    frozen : keras.Model
        Frozen part, one or several outputs.
    images : Rows
        Shape (n_images, side, side, 3).

    Yields
    ------
    list of numpy.ndarray
        One array an output, for the next images.
    """
    for start in range(0, images.shape[0], IMAGES_AT_ONCE):
        rows = np.arange(start, min(start + IMAGES_AT_ONCE, images.shape[0]))
        outputs = frozen.predict_on_batch(images[rows])
        arrays = outputs if isinstance(outputs, list) else [outputs]
        yield [np.asarray(array, dtype=np.float32) for array in arrays]
