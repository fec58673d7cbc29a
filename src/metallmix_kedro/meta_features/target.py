"""The target: a dataset one asks a recommendation for, by its images or by its card."""

import hashlib
import os
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from metallmix_kedro.images import (
    Labels,
    Reason,
    counted,
    label_folder,
    mends,
    open_source,
    read_size,
    unpacked_name,
)
from metallmix_kedro.meta_features.card import ImageCard, read_card
from metallmix_kedro.meta_features.features import (
    MetaFeatures,
    are_of_images,
    compute_meta_features,
)
from metallmix_kedro.meta_features.parameters import TargetParameters
from metallmix_kedro.support import InputError, ParameterError

_WHERE = "the parameters of target (or --params=target.layout=...)"

UNKNOWN_MODALITY = "unknown"
"""Modality of images of which nobody said how they were taken."""

_ASKED = frozenset(
    {
        *(Reason.DICOM, Reason.HEIC, Reason.VOLUME, Reason.OTHER_FORMAT),
        *(Reason.AGAIN, Reason.MASK, Reason.BESIDE),
    }
)
"""Left out though there is nothing wrong with them, so that the user may want them."""


class ImagesRead(BaseModel):
    """What was read of the target's folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: dict[str, int] = Field(description="images that count, by class")
    left_out: dict[str, int] = Field(description="files that do not count, by reason")

    def __str__(self) -> str:
        text = counted(self.classes, most=12)
        if self.left_out:
            text += f"; left out {sum(self.left_out.values()):,}: {_by_reason(self.left_out)}"
        return text


class TargetDescription(BaseModel):
    """What is known of the target.

    Parameters
    ----------
    name : str
        Its name in the outputs.
    meta_features : MetaFeatures
        Its meta-features.
    read : ImagesRead or None
        Its classes and what was left out; None for a card.
    warnings : tuple of str
        What the user should know about how they came about: files left out, classes without
        images, where the class folders were found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    meta_features: MetaFeatures
    read: ImagesRead | None = None
    warnings: tuple[str, ...] = ()


def describe_target(target: TargetParameters) -> TargetDescription:
    """Compute the target's meta-features from its images' headers or from its card.

    Parameters
    ----------
    target : TargetParameters
        A path to images (it wins) or to a card; a name and a modality given here win over the
        card's.

    Returns
    -------
    TargetDescription

    Raises
    ------
    ParameterError
        If neither path nor card is given; if a path is, in a domain without images; if a layout or
        labels are given without a path.
    InputError
        If the path is missing, empty, no folder or archive, or has fewer than two classes with
        images; if the card is missing or wrong.
    """
    if not are_of_images():
        _refuse_images(target)
    if target.path is not None:
        return _describe_images(Path(target.path).expanduser(), target)
    if target.layout is not None or target.labels_csv is not None:
        raise ParameterError(
            "target.layout and target.labels_csv say how the folder of target.path is read, and "
            "there is none. Set target.path, or take them out."
        )
    if target.card is None:
        raise ParameterError(
            "There is no target: set target.path to a folder with one sub-folder a class, or "
            "target.card to a dataset card."
        )
    card = read_card(Path(target.card).expanduser())
    if isinstance(card, ImageCard) and target.modality is not None:
        card = card.model_copy(update={"modality": target.modality})
    return TargetDescription(name=target.name or card.name, meta_features=card.meta_features())


def _refuse_images(target: TargetParameters) -> None:
    """Refuse what only images have, where the declared meta-features are not theirs."""
    for name in ("path", "modality"):
        if (value := getattr(target, name)) is not None:
            raise ParameterError(
                f"target.{name} = {value!r}: the declared meta-features (meta_features.declared) "
                "are not those of images, so a dataset is described by target.card alone."
            )


def open_target(target: TargetParameters) -> tuple[Path, Labels]:
    """Find the target's folder, and its files with their classes.

    Parameters
    ----------
    target : TargetParameters
        With a path.

    Raises
    ------
    InputError
        If the path is missing, no folder or archive, or can be read in several ways.
    """
    path = Path(target.path or "").expanduser()
    if not path.exists():
        raise InputError(
            f"The target path {path} does not exist. Set target.path to a folder with one "
            "sub-folder a class, or target.card to a dataset card."
        )
    full = path.resolve()
    # Two archives of one name are two targets.
    mark = hashlib.sha256(os.fsencode(full)).hexdigest()[:8]
    unpacked = target.unpacked_root / f"target-{unpacked_name(full)}-{mark}"
    root = open_source(path, unpacked, int(target.max_unpacked_gb * 1e9))
    try:
        return root, label_folder(root, target.layout, target.labels_csv, _WHERE)
    except InputError as error:
        raise InputError(f"The target path {path}: {error}") from error


def _describe_images(path: Path, target: TargetParameters) -> TargetDescription:
    root, labels = open_target(target)
    sizes, excluded = _read_headers(root, labels, target.max_pixels)
    counts = {name: len(sizes[name]) for name in labels.classes if name in sizes}
    if len(counts) < 2:
        raise InputError(_too_few_classes(path, list(counts), labels, excluded))
    width, height = np.median(np.concatenate(list(sizes.values())), axis=0)
    notes = _notes(labels, counts, excluded)
    if target.modality is None:
        notes.append(
            "The modality of the images is not given and is taken as unknown; set "
            "target.modality (MRI, CT, X-ray, natural, ...)."
        )
    return TargetDescription(
        name=target.name or unpacked_name(path.resolve()) or "target",
        meta_features=compute_meta_features(
            counts, float(width), float(height), target.modality or UNKNOWN_MODALITY
        ),
        read=ImagesRead(
            classes=counts, left_out={str(why): excluded[why] for why in sorted(excluded)}
        ),
        warnings=tuple(notes),
    )


def _read_headers(
    root: Path, labels: Labels, max_pixels: int
) -> tuple[dict[str, list[tuple[int, int]]], Counter[Reason]]:
    """Return the image sizes of each class, and how many files were left out and why."""
    sizes: dict[str, list[tuple[int, int]]] = {}
    excluded: Counter[Reason] = Counter()
    folder = f"{root}{os.sep}"  # joining strings costs a tenth of joining paths
    with warnings.catch_warnings():
        # Pillow warns of what ends up among the exclusions.
        warnings.simplefilter("ignore")
        for file in labels.files:
            found = file.problem or read_size(folder + file.path, max_pixels)
            if isinstance(found, Reason):
                excluded[found] += 1
            else:
                sizes.setdefault(file.class_name, []).append(found)
    return sizes, excluded


def _notes(labels: Labels, counts: dict[str, int], excluded: Counter[Reason]) -> list[str]:
    notes = list(labels.notes)
    if excluded:
        notes.append(f"{excluded.total()} files do not count: {_by_reason(excluded)}.")
    if asked := set(excluded) & _ASKED:
        notes.append(f"To have them count: {mends(asked)}.")
    empty = [name for name in labels.classes if name not in counts]
    if empty:
        notes.append(f"These class folders hold no image and do not count: {', '.join(empty)}.")
    return notes


def _too_few_classes(
    path: Path, classes: list[str], labels: Labels, excluded: Counter[Reason]
) -> str:
    if not labels.files and not labels.classes:
        return (
            f"The target path {path} is empty: it holds no images. It needs one sub-folder a class."
        )
    found = f"has one class with images ({classes[0]})" if classes else "has no class with images"
    aside = f" Left out: {_by_reason(excluded)}. To mend it: {mends(excluded)}." if excluded else ""
    return f"The target path {path} {found}; at least two are needed, one sub-folder each.{aside}"


def _by_reason(excluded: Mapping[Reason, int] | Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(excluded.items()))
