"""Which file belongs to which class: by its folder, or by a line of a CSV."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from metallmix_kedro.images.inspection import IMAGE_SUFFIXES, Reason
from metallmix_kedro.images.labels_csv import read_labels
from metallmix_kedro.images.layout import find_layout
from metallmix_kedro.images.listing import Listing, list_folder
from metallmix_kedro.images.parameters import DatasetEntry, LabelsCsv
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
    """

    files: tuple[LabelledFile, ...]
    classes: tuple[str, ...]
    parts: tuple[str, ...] = ()


def label_files(root: Path, entry: DatasetEntry) -> Labels:
    """List a registered dataset's files with their classes.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    entry : DatasetEntry
        Its entry: a CSV of labels, a class map and patterns to ignore are followed.

    Raises
    ------
    InputError
        If the folder or the CSV cannot be read, the CSV lists a path outside the folder, or the
        class map names a class that is not there.
    """
    if entry.labels_csv is None:
        labels = label_by_folder(list_folder(root))
    else:
        labels = _by_csv(root, entry.labels_csv)
    kept = tuple(
        file
        for file in labels.files
        if not any(fnmatch(PurePosixPath(file.path).name, pattern) for pattern in entry.ignore)
    )
    return _mapped(replace(labels, files=kept), entry.class_map or {})


def label_by_folder(listing: Listing) -> Labels:
    """Take each file's class from the folder it lies in.

    An image that lies in no class folder is listed with that problem; other files there, a
    README say, are no part of the dataset.
    """
    layout = find_layout(listing)
    problems: Mapping[str, Reason] = {
        **dict.fromkeys(listing.unreadable, Reason.UNREADABLE),
        **dict.fromkeys(listing.misnamed, Reason.NAME),
    }
    files = []
    for path in (*listing.files, *problems):
        class_name = layout.class_of(path)
        if class_name is not None:
            files.append(LabelledFile(path, class_name, problems.get(path)))
        elif path.lower().endswith(IMAGE_SUFFIXES):
            files.append(LabelledFile(path, "", Reason.OUTSIDE_CLASSES))
    return Labels(_sorted(files), layout.classes, layout.parts)


def _by_csv(root: Path, table: LabelsCsv) -> Labels:
    files = []
    for label, path in read_labels(root, table):
        problem = None if label else Reason.NO_LABEL
        found = (root / path).is_file()
        files.append(LabelledFile(path, label, problem if found else Reason.NOT_FOUND))
    classes = tuple(sorted({file.class_name for file in files} - {""}))
    return Labels(_sorted(set(files)), classes)


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


def _sorted(files: Iterable[LabelledFile]) -> tuple[LabelledFile, ...]:
    return tuple(sorted(files, key=lambda file: (file.path, file.class_name)))
