"""Reading images as arrays of pixels."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from metallmix_kedro.errors import InputError


def load_pixels(root: Path, paths: Iterable[str], image_size: int) -> NDArray[np.uint8]:
    """Read images, convert them to RGB and scale them to a square.

    The aspect ratio is not kept, as in Keras' ``image_dataset_from_directory``.

    Parameters
    ----------
    root : Path
        Folder that `paths` are relative to.
    paths : iterable of str
        Image files.
    image_size : int
        Side of the square in pixels.

    Returns
    -------
    numpy.ndarray
        Shape (n_images, image_size, image_size, 3), values 0 to 255.

    Raises
    ------
    InputError
        If an image has gone or cannot be read any more since it was ingested.
    """

    def read(path: str) -> NDArray[np.uint8]:
        try:
            with Image.open(root / path) as image:
                scaled = image.convert("RGB").resize(
                    (image_size, image_size), Image.Resampling.BILINEAR
                )
                return np.asarray(scaled, dtype=np.uint8)
        except OSError as error:
            raise InputError(
                f"The image '{path}' below '{root}' could be read when the dataset was ingested "
                f"and cannot be now ({error}). Run the data_ingestion pipeline again."
            ) from error

    with ThreadPoolExecutor(max_workers=4) as pool:
        return np.stack(list(pool.map(read, paths)))
