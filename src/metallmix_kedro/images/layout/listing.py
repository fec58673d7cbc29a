"""What lies in a folder, hidden names left out; and its files once they have classes."""

import os
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from metallmix_kedro.images.reasons import Reason
from metallmix_kedro.support import InputError

_SYSTEM_NAMES = ("__MACOSX", "Thumbs.db", "desktop.ini")


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
    notes : tuple of str
        What else the user should know of how the folder was read.
    """

    files: tuple[LabelledFile, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, files: Iterable[LabelledFile], classes: Iterable[str] = (), notes: tuple[str, ...] = ()
    ) -> "Labels":
        """Sort files, and add the classes they have to those that are known."""
        found = sorted(set(files), key=lambda file: (file.path, file.class_name))
        named = {*classes, *(file.class_name for file in found)} - {""}
        return cls(tuple(found), tuple(sorted(named)), notes)


@dataclass(frozen=True, slots=True)
class Listing:
    r"""Files and folders below a root, as sorted relative paths with ``/``.

    Parameters
    ----------
    files : tuple of str
        Regular files with a name that is valid text.
    folders : tuple of str
        All sub-folders at any depth.
    problems : dict of str to Reason
        What is no regular file (pipes, sockets, links to nothing), and files whose name is not
        valid UTF-8, the offending bytes written as ``\xNN``.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    problems: Mapping[str, Reason] = field(default_factory=dict)


def list_folder(root: Path) -> Listing:
    """List what lies below a folder, links to folders followed.

    Hidden names (a leading dot) and what macOS and Windows leave behind do not count. A link to
    one of its own parents is passed over.

    Raises
    ------
    InputError
        If a folder cannot be read.
    """
    files: list[str] = []
    folders: list[str] = []
    problems: dict[str, Reason] = {}
    pending: list[tuple[str, frozenset[str]]] = [("", frozenset())]
    while pending:
        folder, parents = pending.pop()
        real = os.path.realpath(root / folder)
        if real in parents:
            continue
        if folder:
            folders.append(_as_text(folder))
        for entry in _entries(root / folder):
            path = posixpath.join(folder, entry.name)
            if entry.is_dir():
                pending.append((path, parents | {real}))
            elif not entry.is_file():
                problems[_as_text(path)] = Reason.UNREADABLE
            elif (text := _as_text(path)) == path:
                files.append(path)
            else:
                problems[text] = Reason.NAME
    return Listing(tuple(sorted(files)), tuple(sorted(folders)), problems)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [
                entry
                for entry in entries
                if not entry.name.startswith(".") and entry.name not in _SYSTEM_NAMES
            ]
    except OSError as error:
        raise InputError(f"Folder {folder} cannot be read: {error.strerror}.") from error


def _as_text(path: str) -> str:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(path).decode("utf-8", "backslashreplace")
    return path
