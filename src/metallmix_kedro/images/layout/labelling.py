"""Which file belongs to which class: by its folder, its name, or a line of a CSV."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from metallmix_kedro.images.layout.asking import ENTRY, refuse_doubt
from metallmix_kedro.images.layout.labels_csv import read_labels
from metallmix_kedro.images.layout.listing import LabelledFile, Labels, Listing, list_folder
from metallmix_kedro.images.layout.pattern import Pattern
from metallmix_kedro.images.layout.structure import find_structure
from metallmix_kedro.images.layout.tree import Tree
from metallmix_kedro.images.layout.twins import Eyes
from metallmix_kedro.images.parameters import DatasetEntry, LabelsCsv
from metallmix_kedro.images.reasons import IMAGE_SUFFIXES, Reason
from metallmix_kedro.support import InputError


def label_files(root: Path, entry: DatasetEntry) -> Labels:
    """List a registered dataset's files with their classes.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    entry : DatasetEntry
        Its entry: a layout, a CSV of labels and a class map are followed.

    Raises
    ------
    InputError
        As `label_folder`; if the class map names a class that is not there.
    """
    labels = label_folder(root, entry.layout, entry.labels_csv)
    return _mapped(labels, entry.class_map or {})


def label_folder(
    root: Path,
    layout: str | None,
    labels_csv: LabelsCsv | None,
    where: str = ENTRY,
) -> Labels:
    """List a folder's images with their classes: by a CSV, by a layout, or as the folders look.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    layout : str or None
        See `Pattern`.
    labels_csv : LabelsCsv or None
        It wins over the layout.
    where : str
        The place of those two among the parameters, for errors.

    Raises
    ------
    InputError
        If the folder or the CSV cannot be read, the CSV lists a path outside the folder, or the
        folder can be read in two ways.
    """
    if labels_csv is not None:
        return read_labels(root, labels_csv)
    listing = list_folder(root)
    return label_by_folder(listing, root, where) if layout is None else _by_layout(listing, layout)


def label_by_folder(listing: Listing, root: Path | None = None, where: str = ENTRY) -> Labels:
    """Take each file's class from the folder it lies in.

    An image that lies in no class folder is listed with that problem; other files there, a
    README say, are no part of the dataset.

    Parameters
    ----------
    listing : Listing
    root : Path or None
        Where it lies; None: no file is looked at.
    where : str
        As for `label_folder`.

    Raises
    ------
    InputError
        If the folders can be read in more than one way, or a table says something else.
    """
    tree = Tree(listing)
    structure = find_structure(tree, Eyes(root))
    files = _labelled(listing, structure.class_of)
    images = set(tree.below[""])
    classes = {one.path: one.class_name for one in files if one.class_name and one.path in images}
    refuse_doubt(root, listing.files, tree, structure, classes, where)
    return Labels.of(files, structure.names.values(), tuple(structure.notes()))


def _by_layout(listing: Listing, layout: str) -> Labels:
    pattern = Pattern(layout)
    files = _labelled(listing, pattern.class_of)
    labels = Labels.of(files)
    if not labels.classes:
        raise InputError(
            f"layout {layout!r} fits none of the {len(files):,} images; they are, for example, "
            f"{', '.join(file.path for file in files[:3]) or 'not there'}."
        )
    return labels


def _labelled(
    listing: Listing, class_of: Callable[[str], str | Reason | None]
) -> list[LabelledFile]:
    files = []
    for path in (*listing.files, *listing.problems):
        found = class_of(path)
        if found is not None and not isinstance(found, Reason):
            files.append(LabelledFile(path, found, listing.problems.get(path)))
        elif path.lower().endswith(IMAGE_SUFFIXES):
            files.append(LabelledFile(path, "", found or Reason.OUTSIDE_CLASSES))
    return files


def _mapped(labels: Labels, class_map: Mapping[str, str | None]) -> Labels:
    unmatched = [name for name in class_map if name not in labels.classes]
    if unmatched:
        raise InputError(
            f"class_map names {', '.join(unmatched)}, but the classes there are "
            f"{', '.join(labels.classes) or 'none'}."
        )
    names = {name: class_map.get(name, name) for name in ("", *labels.classes)}
    files = [
        replace(file, class_name=name)
        for file in labels.files
        if (name := names[file.class_name]) is not None
    ]
    return Labels.of(files, filter(None, names.values()), labels.notes)
