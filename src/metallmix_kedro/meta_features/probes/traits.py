"""What images are like beyond the paper's seven meta-features: a few numbers, no network."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from metallmix_kedro.images import near_copy_groups, thumbnail

_GREY = 8
"""Levels of 255 by which the channels of a grey image differ at most: JPEG stores colours coarsely,
so that one pixel in a hundred may differ by more."""

_NEAR = 0.99
"""Correlation above which two images are near copies, as ``data_ingestion`` has it."""


def image_traits(
    pixels: npt.NDArray[np.uint8], sizes: Sequence[tuple[int, int]]
) -> dict[str, float]:
    """Measure a sample of a dataset's images.

    Parameters
    ----------
    pixels : ndarray
        Shape (n_images, side, side, 3), RGB, 0 to 255: the images scaled to one small square.
    sizes : sequence of tuple of int
        Width and height of the files in pixels.

    Returns
    -------
    dict of str to float
        Those declared in ``features.toml`` as not learned from: ``grey_share``, images without
        colour, in [0, 1]; ``sharpness``, log10 of 1 + the median over images of the variance of
        the Laplacian of the grey values (Pech-Pacheco et al., "Diatom autofocusing in brightfield
        microscopy", ICPR 2000), 0 for plain surfaces; ``near_copy_share``, images that repeat
        another one of the sample or look like it, in [0, 1); ``size_variation``, mean of the
        coefficients of variation of widths and heights, at least 0.
    """
    spread = np.ptp(pixels, axis=-1).reshape(len(pixels), -1)
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    thumbnails = [thumbnail(Image.fromarray(image)) for image in pixels]
    groups = near_copy_groups(thumbnails, np.arange(len(pixels)), _NEAR)
    sides = np.array(sizes, dtype=float)
    return {
        "grey_share": float((np.quantile(spread, 0.99, axis=1) <= _GREY).mean()),
        "sharpness": float(np.log10(1 + np.median(_laplacian(grey).var(axis=(1, 2))))),
        "near_copy_share": 1 - len(np.unique(groups)) / len(pixels),
        "size_variation": float((sides.std(axis=0) / sides.mean(axis=0)).mean()),
    }


def _laplacian(grey: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the second differences of images, without their edges."""
    across = grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    along = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1]
    return across + along - 4 * grey[:, 1:-1, 1:-1]
