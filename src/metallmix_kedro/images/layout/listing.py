"""What lies in a folder: its regular files and its sub-folders, hidden ones left out."""

import os
from dataclasses import dataclass
from pathlib import Path

from metallmix_kedro.support import InputError

_SYSTEM_NAMES = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Listing:
    r"""Files and folders below a root, as sorted relative paths with ``/``.

    Parameters
    ----------
    files : tuple of str
        Regular files with a name that is valid text.
    unreadable : tuple of str
        What is no regular file: pipes, sockets, links to nothing.
    misnamed : tuple of str
        Files whose name is not valid UTF-8, the offending bytes written as ``\xNN``.
    folders : tuple of str
        All sub-folders at any depth.
    """

    files: tuple[str, ...]
    unreadable: tuple[str, ...]
    misnamed: tuple[str, ...]
    folders: tuple[str, ...]


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
    unreadable: list[str] = []
    misnamed: list[str] = []
    folders: list[str] = []
    pending: list[tuple[str, frozenset[str]]] = [("", frozenset())]
    while pending:
        folder, parents = pending.pop()
        real = os.path.realpath(root / folder)
        if real in parents:
            continue
        if folder:
            folders.append(_as_text(folder))
        for entry in _entries(root / folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir():
                pending.append((path, parents | {real}))
            elif not entry.is_file():
                unreadable.append(_as_text(path))
            elif (text := _as_text(path)) == path:
                files.append(path)
            else:
                misnamed.append(text)
    return Listing(*(tuple(sorted(names)) for names in (files, unreadable, misnamed, folders)))


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
