"""Which file belongs to which class: by its folder, its name, or a line of a CSV."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from metallmix_kedro.images.layout.asking import ENTRY, refuse_doubt
from metallmix_kedro.images.layout.labels_csv import read_labels
from metallmix_kedro.images.layout.listing import Listing, list_folder
from metallmix_kedro.images.layout.pattern import Pattern
from metallmix_kedro.images.layout.structure import find_structure
from metallmix_kedro.images.layout.tree import Tree
from metallmix_kedro.images.layout.twins import Eyes, masks_beside
from metallmix_kedro.images.parameters import DatasetEntry, LabelsCsv
from metallmix_kedro.images.reasons import IMAGE_SUFFIXES, Reason
from metallmix_kedro.support import InputError


@dataclass(frozen=True, slots=True, order=True)
class LabelledFile:
    """A file of a dataset.

    Parameters
    ----------
    path : str
        Relative to the dataset's folder, with ``/``.
    class_name : str
        Its class; empty if it has none.
    problem : Reason or None
        Why it cannot be used, if that is known without opening it.
    """

    path: str
    class_name: str
    problem: Reason | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """The files of a dataset with their classes.

    Parameters
    ----------
    files : tuple of LabelledFile
        Sorted by path.
    classes : tuple of str
        All classes, also those whose folder is empty.
    parts : tuple of str
        Sub-folders (train, test, ...) that each hold class folders; empty where there are none.
    notes : tuple of str
        What else the user should know of how the folder was read.
    """

    files: tuple[LabelledFile, ...]
    classes: tuple[str, ...]
    parts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def label_files(root: Path, entry: DatasetEntry) -> Labels:
    """List a registered dataset's files with their classes.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    entry : DatasetEntry
        Its entry: a layout, a CSV of labels, a class map and patterns to ignore are followed.

    Raises
    ------
    InputError
        As `label_folder`; if the class map names a class that is not there.
    """
    labels = label_folder(root, entry.layout, entry.labels_csv, ignore=entry.ignore)
    return _mapped(labels, entry.class_map or {})


def label_folder(
    root: Path,
    layout: str | None,
    labels_csv: LabelsCsv | None,
    where: str = ENTRY,
    ignore: Iterable[str] = (),
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
    ignore : iterable of str
        Patterns of file names that do not count.

    Raises
    ------
    InputError
        If the folder or the CSV cannot be read, the CSV lists a path outside the folder, or the
        folder can be read in two ways.
    """
    if labels_csv is not None:
        labels = _by_csv(root, labels_csv)
        kept = tuple(file for file in labels.files if not _is_ignored(file.path, ignore))
        return replace(labels, files=kept)
    listing = list_folder(root)
    listing = replace(
        listing, files=tuple(path for path in listing.files if not _is_ignored(path, ignore))
    )
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
    tree, eyes = Tree(listing), Eyes(root)
    structure = find_structure(tree, eyes)
    files = _labelled(listing, structure.class_of)
    masks = masks_beside(tree, eyes)
    files = [
        LabelledFile(file.path, "", Reason.MASK) if file.path in masks else file for file in files
    ]
    images = set(tree.below[""])
    classes = {one.path: one.class_name for one in files if one.class_name and one.path in images}
    refuse_doubt(root, listing, tree, structure, classes, where)
    return Labels(
        _sorted(files),
        tuple(sorted(set(structure.names.values()))),
        structure.roots if len(structure.roots) > 1 else (),
        (structure.note,) if structure.note else (),
    )


def _by_layout(listing: Listing, layout: str) -> Labels:
    pattern = Pattern(layout)
    files = _labelled(listing, pattern.class_of)
    classes = tuple(sorted({file.class_name for file in files} - {""}))
    if not classes:
        raise InputError(
            f"layout {layout!r} fits none of the {len(files):,} images; they are, for example, "
            f"{', '.join(file.path for file in files[:3]) or 'not there'}."
        )
    return Labels(_sorted(files), classes)


def _labelled(
    listing: Listing, class_of: Callable[[str], str | Reason | None]
) -> list[LabelledFile]:
    problems: Mapping[str, Reason] = {
        **dict.fromkeys(listing.unreadable, Reason.UNREADABLE),
        **dict.fromkeys(listing.misnamed, Reason.NAME),
    }
    files = []
    for path in (*listing.files, *problems):
        found = class_of(path)
        if found is not None and not isinstance(found, Reason):
            files.append(LabelledFile(path, found, problems.get(path)))
        elif path.lower().endswith(IMAGE_SUFFIXES):
            files.append(LabelledFile(path, "", found or Reason.OUTSIDE_CLASSES))
    return files


def _by_csv(root: Path, table: LabelsCsv) -> Labels:
    lines = read_labels(root, table)
    files = [
        LabelledFile(
            line.path,
            line.label,
            Reason.NOT_FOUND if not line.found else None if line.label else Reason.NO_LABEL,
        )
        for line in lines
    ]
    classes = tuple(sorted({file.class_name for file in files} - {""}))
    lost = [line for line in lines if not line.found]
    note = (
        f"{len(lost):,} of the {len(lines):,} files that {table.file} lists were not found; tried "
        f"for the first of them: {', '.join(lost[0].tried)}."
        if lost
        else ""
    )
    return Labels(_sorted(set(files)), classes, notes=(note,) if note else ())


def _mapped(labels: Labels, class_map: Mapping[str, str | None]) -> Labels:
    unmatched = [name for name in class_map if name not in labels.classes]
    if unmatched:
        raise InputError(
            f"class_map names {', '.join(unmatched)}, but the classes there are "
            f"{', '.join(labels.classes) or 'none'}."
        )
    files = []
    for file in labels.files:
        name = class_map.get(file.class_name, file.class_name)
        if name is not None:
            files.append(replace(file, class_name=name))
    names = {class_map.get(name, name) for name in labels.classes}
    return replace(
        labels,
        files=_sorted(set(files)),
        classes=tuple(sorted(name for name in names if name is not None)),
    )


def _is_ignored(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(PurePosixPath(path).name, pattern) for pattern in patterns)


def _sorted(files: Iterable[LabelledFile]) -> tuple[LabelledFile, ...]:
    return tuple(sorted(files, key=lambda file: (file.path, file.class_name)))
