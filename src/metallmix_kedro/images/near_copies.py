"""Images that look the same without being the same: copies, neighbours in a series."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

SIDE = 32
"""Side in pixels of the thumbnails that are compared."""

_ROWS_AT_ONCE = 1000


def thumbnail(image: Image.Image) -> NDArray[np.uint8]:
    """Shrink an image to a grey square.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode and size.

    Returns
    -------
    numpy.ndarray of uint8
        Shape (`SIDE` * `SIDE`,).
    """
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.uint8).ravel()


def near_copy_groups(
    thumbnails: Sequence[NDArray[np.uint8] | None],
    identical: NDArray[np.int64],
    correlation: float | None,
) -> NDArray[np.int64]:
    """Give each group of images that look alike a number.

    Two images are near copies if the grey values of their thumbnails correlate by more than
    `correlation`; near copies of near copies are in the group too, so that a series of slices of
    one patient is one group. Brightness and contrast do not matter. Rotated and mirrored copies
    are not found. Time grows with the square of the number of images: seconds for 10,000.

    Parameters
    ----------
    thumbnails : sequence of numpy.ndarray or None, length n_images
        See `thumbnail`; None for what is no image, which is like nothing else.
    identical : numpy.ndarray of int, shape (n_images,)
        Images with the same number are identical, and near copies in any case.
    correlation : float or None
        In (0, 1]; None: only what is identical forms a group.

    Returns
    -------
    numpy.ndarray of int, shape (n_images,)
        Number of each image's group, in the order of their first images.
    """
    # Imported only here: a recommendation reads headers alone.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, first, number = np.unique(identical, return_index=True, return_inverse=True)
    left, right = [first[number]], [np.arange(len(identical))]
    shown = np.array([i for i, one in enumerate(thumbnails) if one is not None], dtype=np.int64)
    if correlation is not None and len(shown) > 1:
        vectors = _standardised(np.stack([thumbnails[i] for i in shown]))
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            alike = vectors[start : start + _ROWS_AT_ONCE] @ vectors.T > correlation
            rows, columns = np.nonzero(alike)
            left.append(shown[rows + start])
            right.append(shown[columns])
    pairs = (np.concatenate(left), np.concatenate(right))
    n_images = len(identical)
    linked = coo_matrix((np.ones(len(pairs[0]), dtype=np.bool_), pairs), (n_images, n_images))
    _, groups = connected_components(linked, directed=False)
    numbers: NDArray[np.int64] = pd.factorize(groups)[0].astype(np.int64)
    return numbers


def _standardised(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Centre each row and scale it to length 1, so that products are correlations."""
    values = thumbnails.astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    # A plain surface is like nothing: its noise would correlate with anything.
    return np.where(lengths > SIDE, values / np.maximum(lengths, 1.0), 0.0).astype(np.float32)
