"""Frozen activations: computed once for all trials that share them, kept on disk.

Everything below the first trained layer is a constant function of the image. Its value is stored
under a name made from all that it depends on, so an entry is either right or absent; the folder
may be deleted at any time.
"""

import hashlib
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.whole_file import whole_file

Arrays = list[NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class FrozenFeatures:
    """Activations that cross the cut, one array a tensor, and what computing them took.

    Each array has shape (n_images, ...); ``seconds`` is the wall time of their computation, also
    when they were read from the cache.
    """

    arrays: Arrays
    seconds: float


def features_key(**parts: Any) -> str:
    """Name the features by a hash of everything they depend on."""
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def compute_features(frozen: Any, images: NDArray[np.float32], batch_size: int = 32) -> Arrays:
    """Run the frozen part of a backbone over preprocessed images, in inference mode.

    Parameters
    ----------
    frozen : keras.Model
        Frozen part, one or several outputs.
    images : numpy.ndarray
        Shape (n_images, side, side, 3).

    Returns
    -------
    list of numpy.ndarray
        One array an output, each with n_images rows.
    """
    outputs = frozen.predict(images, batch_size=batch_size, verbose=0)
    arrays = outputs if isinstance(outputs, list) else [outputs]
    return [np.asarray(array, dtype=np.float32) for array in arrays]


class FeatureCache:
    """Folder of computed features, one ``.npz`` file each.

    Parameters
    ----------
    root : Path
        The folder; made when first needed, safe to delete.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, key: str, compute: Callable[[], Arrays]) -> FrozenFeatures:
        """Read the features named `key`, or compute and store them.

        A file that cannot be read (a disk error, a truncated copy) is computed again.
        """
        path = self._root / f"{key}.npz"
        stored = self._read(path)
        if stored is not None:
            return stored
        start = time.perf_counter()
        arrays = compute()
        features = FrozenFeatures(arrays, time.perf_counter() - start)
        self._write(path, features)
        return features

    @staticmethod
    def _read(path: Path) -> FrozenFeatures | None:
        try:
            with np.load(path, allow_pickle=False) as stored:
                seconds = float(stored["seconds"])
                count = len(stored.files) - 1
                return FrozenFeatures([stored[f"array_{i}"] for i in range(count)], seconds)
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
            return None

    @staticmethod
    def _write(path: Path, features: FrozenFeatures) -> None:
        named: dict[str, Any] = {f"array_{i}": array for i, array in enumerate(features.arrays)}
        with whole_file(path) as file:
            np.savez(file, seconds=np.float64(features.seconds), **named)
