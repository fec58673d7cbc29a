"""Reading images as arrays of pixels."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from metallmix_kedro.images import open_image
from metallmix_kedro.support import InputError


def load_pixels(
    root: Path, images: Iterable[tuple[str, str]], image_size: int
) -> NDArray[np.uint8]:
    """Read images, convert them to RGB and scale them to a square.

    The aspect ratio is not kept, as in Keras' ``image_dataset_from_directory``.

    Parameters
    ----------
    root : Path
        Folder that the paths are relative to.
    images : iterable of tuple of str
        Path of each image and the SHA-256 of its file when it was ingested.
    image_size : int
        Side of the square in pixels.

    Returns
    -------
    numpy.ndarray
        Shape (n_images, image_size, image_size, 3), values 0 to 255.

    Raises
    ------
    InputError
        If an image has gone, has changed, or cannot be read any more since it was ingested.
    """

    def read(image: tuple[str, str]) -> NDArray[np.uint8]:
        path, content_hash = image
        try:
            data = (root / path).read_bytes()
            if hashlib.sha256(data).hexdigest() != content_hash:
                raise InputError(
                    f"The image '{path}' below '{root}' has changed since the dataset was "
                    "ingested. Run the pipelines data_ingestion and meta_features again."
                )
            with open_image(data) as opened:
                scaled = opened.convert("RGB").resize(
                    (image_size, image_size), Image.Resampling.BILINEAR
                )
                return np.asarray(scaled, dtype=np.uint8)
        except OSError as error:
            raise InputError(
                f"The image '{path}' below '{root}' could be read when the dataset was ingested "
                f"and cannot be now ({error}). Run the data_ingestion pipeline again."
            ) from error

    with ThreadPoolExecutor(max_workers=4) as pool:
        return np.stack(list(pool.map(read, images)))
