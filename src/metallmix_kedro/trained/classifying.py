"""Classifying image files with a saved classifier; what cannot be read is named, never fatal."""

import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from metallmix_kedro.images import (
    DEFAULT_MAX_PIXELS,
    Reason,
    list_folder,
    open_image,
    read_size,
)
from metallmix_kedro.support import ArtifactError, require
from metallmix_kedro.training import IMAGES_AT_ONCE, RESIZING

LABELS = "labels.json"
"""The classes in the order of the network's outputs; lies beside the classifier."""


@dataclass(frozen=True)
class Answer:
    """What a file was taken for, or why it could not be read.

    ``probabilities`` has shape (n_classes,); None where there is a ``problem``.
    """

    path: str
    probabilities: NDArray[np.float32] | None
    problem: str | None = None


@dataclass(frozen=True)
class Classifier:
    """A saved network with the names of its classes; ``side`` is that of its images in pixels."""

    model: Any
    labels: tuple[str, ...]
    side: int

    @classmethod
    def load(cls, path: Path) -> "Classifier":
        """Read a network and the names of its classes.

        Parameters
        ----------
        path : Path
            A ``.keras`` file of the pipeline training, with ``labels.json`` beside it.

        Raises
        ------
        ArtifactError
            If one of the two is missing, damaged, or they do not belong together.
        """
        if not path.is_file():
            raise ArtifactError(
                f"There is no classifier {path}. Train one: kedro run "
                "--pipelines=recommendation,training --params=target.path=/my/images"
            )
        try:
            labels = json.loads((path.parent / LABELS).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ArtifactError(
                f"The names of the classes, {path.parent / LABELS}, cannot be read ({error}). Keep "
                "the file beside the classifier that it was made with."
            ) from error
        saving = require("keras.saving", "experiments")
        try:
            model = saving.load_model(path, compile=False)
            side = int(model.get_layer(RESIZING).height)
        except Exception as error:  # zipfile, h5py and Keras each raise kinds of their own
            raise ArtifactError(
                f"{path} is no classifier that the pipeline training saved, or is damaged "
                f"({' '.join(str(error).split())[:300]}). Train it again."
            ) from error
        if model.output_shape[-1] != len(labels):
            raise ArtifactError(
                f"{path} knows {model.output_shape[-1]} classes and {path.parent / LABELS} names "
                f"{len(labels)}: they are not of one training. Train again."
            )
        return cls(model, tuple(map(str, labels)), side)


def find_files(given: Iterable[str]) -> list[Answer]:
    """List files, and the files below folders; hidden ones are left out.

    Returns
    -------
    list of Answer
        In order, without probabilities; with a problem where nothing can be opened.
    """
    found: list[Answer] = []
    for name in given:
        path = Path(name)
        if path.is_dir():
            found += _below(path)
        elif path.is_file():
            found.append(Answer(name, None))
        else:
            found.append(Answer(name, None, "not there, or no regular file"))
    return found


def _below(folder: Path) -> list[Answer]:
    listing = list_folder(folder)
    return [
        Answer(str(folder / name), None, listing.problems.get(name))
        for name in (*listing.files, *listing.problems)
    ]


def classify_files(classifier: Classifier, files: Sequence[Answer]) -> Iterator[Answer]:
    """Classify files in batches.

    They are read and scaled as those that trained were. Formats, and what counts as an image, are
    those of `images.inspection`: what was no training image is no image here.

    Parameters
    ----------
    classifier : Classifier
    files : sequence of Answer
        From `find_files`.

    Yields
    ------
    Answer
        One a file, in order.
    """
    with ThreadPoolExecutor(max_workers=4) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of what is answered as a problem
        for start in range(0, len(files), IMAGES_AT_ONCE):
            part = files[start : start + IMAGES_AT_ONCE]
            read = list(pool.map(lambda file: _read(file, classifier.side), part))
            images = [pixels for pixels in read if not isinstance(pixels, str)]
            told = iter(_predict(classifier.model, images))
            for file, pixels in zip(part, read, strict=True):
                if isinstance(pixels, str):
                    yield Answer(file.path, None, pixels)
                else:
                    yield Answer(file.path, next(told))


def _predict(model: Any, images: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Predict a batch, filled up to one length: what is traced once serves all."""
    if not images:
        return np.empty((0, 0), dtype=np.float32)
    filled = np.stack(images)[np.resize(np.arange(len(images)), IMAGES_AT_ONCE)]
    return np.asarray(model.predict_on_batch(filled))[: len(images)]


def _read(file: Answer, side: int) -> NDArray[np.uint8] | str:
    """Return the pixels, shape (side, side, 3), or why there are none."""
    if file.problem is not None:
        return file.problem
    try:
        file.path.encode()
    except UnicodeEncodeError:
        return Reason.NAME
    found = read_size(file.path, DEFAULT_MAX_PIXELS)
    if isinstance(found, Reason):
        return found
    try:
        with open_image(Path(file.path)) as image:
            scaled = image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
            return np.asarray(scaled, dtype=np.uint8)
    except Exception:  # on hostile bytes Pillow's plugins raise nearly anything
        return Reason.DAMAGED
