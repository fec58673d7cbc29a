"""Unpacking an archive that somebody else made: once, wholly, and nowhere but in its folder."""

import json
import lzma
import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PureWindowsPath

from metallmix_kedro.support import InputError

SUFFIXES = (".tar.gz", ".tgz", ".zip")
"""Endings of the archives that can be unpacked."""

MARKER = ".unpacked.json"
"""Hidden file in an unpacked folder that says which state of the archive it holds."""

_UNPACKING_ERRORS = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted member, or a compression that zipfile does not know
    ValueError,
)


def is_archive(path: Path) -> bool:
    """Whether the file name ends like an archive that can be unpacked."""
    return path.name.lower().endswith(SUFFIXES)


def unpacked_name(path: Path) -> str:
    """Return an archive's file name without its ending."""
    name = path.name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem


def unpack(archive: Path, folder: Path, max_bytes: int) -> Path:
    """Unpack an archive into a folder, unless the folder already holds just that.

    The content appears under its final name all at once: it is unpacked beside it and renamed.
    A folder of an older state of the archive (another size or modification time) is replaced.

    Parameters
    ----------
    archive : Path
        A ``.tar.gz``, ``.tgz`` or ``.zip`` file.
    folder : Path
        Where its content goes.
    max_bytes : int
        The most its members may hold together, in bytes.

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    InputError
        If the archive is damaged or too large, if a member is a link, a device, encrypted or
        would land outside the folder, if the disk is full, or if `folder` exists and was not
        unpacked by this function.
    """
    try:
        stamp = _stamp(archive)
        if _is_current(folder, stamp):
            return folder
        if folder.exists() and not (folder / MARKER).exists():
            raise InputError(
                f"Archive {archive} would be unpacked to {folder}, which holds something else. "
                "Move that folder away."
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as beside:
            fresh = Path(beside) / "new"
            fresh.mkdir()
            _extract(archive, fresh, max_bytes)
            (fresh / MARKER).write_text(json.dumps(stamp))
            _replace(folder, fresh, Path(beside) / "old", stamp)
    except _UNPACKING_ERRORS as error:
        raise InputError(
            f"Archive {archive} cannot be unpacked to {folder}: {error}. "
            "If the archive is incomplete, get it again."
        ) from error
    return folder


def _stamp(archive: Path) -> dict[str, int | str]:
    info = archive.stat()
    return {"archive": str(archive.resolve()), "bytes": info.st_size, "mtime_ns": info.st_mtime_ns}


def _is_current(folder: Path, stamp: dict[str, int | str]) -> bool:
    try:
        return bool(json.loads((folder / MARKER).read_text()) == stamp)
    except (OSError, ValueError):
        return False


def _replace(folder: Path, fresh: Path, old: Path, stamp: dict[str, int | str]) -> None:
    try:
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    except OSError:
        # Another run may have unpacked the same archive in the meantime: then its folder serves.
        if not _is_current(folder, stamp):
            raise


def _extract(archive: Path, folder: Path, max_bytes: int) -> None:
    total = 0

    def checked(name: str, kind: str, size: int) -> str:
        nonlocal total
        total += size
        if total > max_bytes:
            raise InputError(
                f"Archive {archive} holds more than {max_bytes:,} bytes and is refused. If it "
                "is what you want, raise max_unpacked_gb."
            )
        return _inside(name, kind, archive)

    def of_tar(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
        name = checked(member.name, _tar_kind(member), member.size)
        return tarfile.data_filter(member.replace(name=name, deep=False), path)

    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as packed:
            for one in packed.infolist():
                name = checked(one.filename, _zip_kind(one), one.file_size)
                one.filename = f"{name}/" if one.is_dir() else name
                packed.extract(one, folder)
    else:
        with tarfile.open(archive, "r:*") as tar:
            tar.extractall(folder, filter=of_tar)  # noqa: S202 (each member is checked)


def _inside(name: str, kind: str, archive: Path) -> str:
    """Return a member's path with ``/``, or refuse the archive.

    The Windows flavour knows both separators and drive letters, so that one check holds on every
    system.
    """
    if kind:
        raise InputError(
            f"Archive {archive} is refused: its member {name!r} is a {kind}. "
            "Pack the files themselves."
        )
    path = PureWindowsPath(name)
    if path.drive or path.root or ".." in path.parts:
        raise InputError(
            f"Archive {archive} is refused: its member {name!r} would land outside the "
            "folder it is unpacked to."
        )
    return path.as_posix()


def _tar_kind(member: tarfile.TarInfo) -> str:
    """Say what a member is that is neither file nor folder."""
    if member.isfile() or member.isdir():
        return ""
    return "link" if member.issym() or member.islnk() else "special file"


def _zip_kind(member: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "link"
    return "" if member.is_dir() or kind in (0, stat.S_IFREG) else "special file"
