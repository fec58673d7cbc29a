"""The configuration out of an archive, as ``kedro package`` makes it."""

import shutil
import tempfile
from pathlib import Path

import click

from metallmix_kedro.support import ParameterError

SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip")


def unpacked(source: str | None) -> str | None:
    """Return where ``--conf-source`` can be read, until the command that runs ends.

    Kedro reads YAML out of an archive, but not the files that it names: prompts.

    Parameters
    ----------
    source : str or None
        A folder, an archive that holds ``conf`` or what is in it, or an address; as given, but for
        an archive.

    Raises
    ------
    metallmix_kedro.support.errors.ParameterError
        If an archive is damaged.
    """
    if source is None or not Path(source).is_file():
        return source
    if not source.lower().endswith(SUFFIXES):
        raise ParameterError(
            f"--conf-source: {source} is neither a folder nor an archive ({', '.join(SUFFIXES)})."
        )
    folder = Path(
        click.get_current_context().with_resource(tempfile.TemporaryDirectory(prefix="conf-"))
    )
    try:
        # A zip archive is always unpacked within the folder, and knows no filter.
        if source.lower().endswith(".zip"):
            shutil.unpack_archive(source, folder)
        else:
            shutil.unpack_archive(source, folder, filter="data")
    except (OSError, EOFError, ValueError) as error:
        raise ParameterError(
            f"--conf-source: {source} cannot be unpacked ({error}). Make it anew: kedro package"
        ) from error
    return str(folder / "conf" if (folder / "conf").is_dir() else folder)
