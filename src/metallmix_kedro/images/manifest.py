"""The manifest: every file of a dataset, its class, its fold, or why it is left out."""

import hashlib
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track

from metallmix_kedro.images.folds import assign_folds
from metallmix_kedro.images.inspection import Inspection, inspect_file
from metallmix_kedro.images.layout.labelling import label_files
from metallmix_kedro.images.layout.listing import LabelledFile, Labels
from metallmix_kedro.images.near_copies import near_copy_groups
from metallmix_kedro.images.parameters import DataIngestionParameters, DatasetEntry
from metallmix_kedro.images.reasons import Reason, mends
from metallmix_kedro.images.sources import resolve_root
from metallmix_kedro.support import InputError

logger = logging.getLogger(__name__)

INCLUDED = "included"
EXCLUDED = "excluded"


COLUMNS = {
    "path": "str",
    "class_name": "str",
    "width": "Int64",
    "height": "Int64",
    "mode": "str",
    "bytes": "Int64",
    "content_hash": "str",
    "duplicate_group": "int64",
    "near_copy_group": "int64",
    "fold": "Int64",
    "status": "str",
    "reason": "str",
}
"""The columns of every manifest, one row a file, and their types.

``class_name`` is missing for what lies in no class folder or has no label; what is included has a
fold, what is excluded a reason.
"""


def ingest_datasets(parameters: DataIngestionParameters) -> Iterator[tuple[str, pd.DataFrame]]:
    """Build the manifests of the datasets in use, one after another.

    Yields
    ------
    tuple of str and pandas.DataFrame
        Name and manifest.

    Raises
    ------
    MetallmixError
        As `resolve_root` and `build_manifest`, with the dataset's name in the message.
    """
    for name in parameters.use:
        entry = parameters.registry[name]
        root = resolve_root(name, entry, parameters)
        try:
            manifest = build_manifest(root, entry, parameters)
        except InputError as error:
            raise InputError(f"Dataset '{name}' in {root}: {error}") from error
        yield name, manifest


def build_manifest(
    root: Path, entry: DatasetEntry, parameters: DataIngestionParameters
) -> pd.DataFrame:
    """Look at every file of a dataset once, and divide what can be used into folds.

    A file that cannot be used stays in the manifest with the reason. Identical images (equal
    pixels, whatever their files) share a duplicate group; a group that stands under two classes is
    excluded. Images that look alike share a fold, so that no test image's twin is trained on.

    Parameters
    ----------
    root : Path
        The dataset's folder (`resolve_root`).
    entry : DatasetEntry
        Its entry in the registry.
    parameters : DataIngestionParameters
        Number of folds, seed and largest image.

    Returns
    -------
    pandas.DataFrame
        One row a file in the order of paths, columns `COLUMNS`. The same files and
        parameters give the same manifest.

    Raises
    ------
    InputError
        If fewer than two classes are left, if a class has fewer different images than there are
        folds, or if the folder or its labels cannot be read.
    """
    labels = label_files(root, entry)
    for note in labels.notes:
        logger.warning("%s: %s", root.name, note)
    inspections = _inspect(root, labels.files, parameters.max_pixels)
    frame = _table(labels.files, inspections)
    # What was not decoded equals nothing else.
    shown = [found.pixels or row for row, found in enumerate(inspections)]
    frame["duplicate_group"] = pd.factorize(np.array(shown, dtype=object))[0]
    frame["near_copy_group"] = near_copy_groups(
        [found.thumbnail for found in inspections],
        frame["duplicate_group"].to_numpy(),
        parameters.near_copy_correlation,
    )
    _exclude_contradictions(frame)
    _check_classes(frame, labels, parameters.n_folds)
    included = frame["reason"].isna()
    used = frame[included]
    frame.loc[included, "fold"] = assign_folds(
        used["class_name"].tolist(),
        used["near_copy_group"].tolist(),
        parameters.n_folds,
        parameters.seed,
    )
    frame["status"] = np.where(included, INCLUDED, EXCLUDED)
    return frame[list(COLUMNS)].astype(COLUMNS)


def data_hash(manifest: pd.DataFrame) -> str:
    """Compute the identity of a dataset's content: which images it has under which class.

    Parameters
    ----------
    manifest : pandas.DataFrame
        A dataset's manifest.

    Returns
    -------
    str
        SHA-256 in hexadecimal of the sorted pairs of content hash and class name of the included
        images; file names, folds and excluded files do not matter.
    """
    used = manifest[manifest["status"] == INCLUDED]
    pairs = sorted(zip(used["content_hash"], used["class_name"], strict=True))
    digest = hashlib.sha256()
    for content, name in pairs:
        digest.update(f"{content} {name}\n".encode())
    return digest.hexdigest()


def _inspect(root: Path, files: Sequence[LabelledFile], max_pixels: int) -> list[Inspection]:
    """Inspect all files in threads: hashing and decoding release the interpreter's lock."""

    def look(file: LabelledFile) -> Inspection:
        if file.problem is not None:
            return Inspection(file.problem)
        return inspect_file(root / file.path, max_pixels)

    console = Console(stderr=True)
    with (
        ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool,
        # Pillow warns of what ends up as a reason here. The filter is process-wide: set it once.
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        return list(
            track(
                pool.map(look, files),
                description=f"Reading {root.name}",
                total=len(files),
                console=console,
                disable=not console.is_terminal,
            )
        )


def _table(files: Sequence[LabelledFile], inspections: Sequence[Inspection]) -> pd.DataFrame:
    sizes = [found.size or (None, None) for found in inspections]
    known: dict[str, list[Any]] = {
        "path": [file.path for file in files],
        "class_name": [file.class_name or None for file in files],
        "width": [width for width, _ in sizes],
        "height": [height for _, height in sizes],
        "mode": [found.mode for found in inspections],
        "bytes": [found.n_bytes for found in inspections],
        "content_hash": [found.content_hash for found in inspections],
        "fold": [None] * len(files),
        "reason": [found.reason for found in inspections],
    }
    return pd.DataFrame(
        {name: pd.Series(values, dtype=COLUMNS[name]) for name, values in known.items()}
    )


def _exclude_contradictions(frame: pd.DataFrame) -> None:
    usable = frame["reason"].isna()
    classes = frame[usable].groupby("duplicate_group")["class_name"].nunique()
    contradictory = classes.index[classes > 1]
    frame.loc[usable & frame["duplicate_group"].isin(contradictory), "reason"] = Reason.TWO_CLASSES


def _check_classes(frame: pd.DataFrame, labels: Labels, n_folds: int) -> None:
    used = frame[frame["reason"].isna()]
    counts = used.groupby("class_name")["duplicate_group"].nunique()
    sizes = {name: int(counts.get(name, 0)) for name in labels.classes}
    excluded = frame["reason"].value_counts()
    why = "; ".join(f"{count} excluded: {reason}" for reason, count in excluded.items())
    aside = f" Of {len(frame)} files, {why}. To mend it: {mends(excluded.index)}." if why else ""
    left = [name for name, size in sizes.items() if size > 0]
    if len(left) < 2:
        raise InputError(
            f"it needs at least two classes with images, one sub-folder each; it has "
            f"{len(left)} ({', '.join(left) or 'none'}).{aside}"
        )
    small = [f"'{name}' has {size}" for name, size in sizes.items() if size < n_folds]
    if small:
        raise InputError(
            f"every class needs at least as many different images as there are folds ({n_folds}): "
            f"{', '.join(small)}.{aside} Add images, leave the class out (class_map), or lower "
            "data_ingestion.n_folds."
        )
