"""The weights of an embedded model: a file that is there, or one that is fetched once."""

import hashlib
import http.client
import os
import tempfile
import urllib.request
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from metallmix_kedro.language_models.gguf import MAGIC, sha256_of
from metallmix_kedro.language_models.language_model import LLMUnavailableError
from metallmix_kedro.language_models.parameters import EmbeddedParameters

CHUNK = 2**20
SILENCE_S = 60.0
"""Seconds without a byte after which a download is given up."""


def ready_weights(parameters: EmbeddedParameters) -> tuple[Path, str]:
    """Return the file of an embedded model and its SHA-256; fetch it first if it is not there.

    A download shows its progress, is checked, and takes its place only when it is whole, so that
    a broken one leaves nothing behind that could be mistaken for the model.

    Parameters
    ----------
    parameters : EmbeddedParameters

    Raises
    ------
    LLMUnavailableError
        If there is no such file, it cannot be fetched, it is no GGUF file, or its checksum is
        another.
    """
    path = parameters.file
    if not path.is_file():
        if parameters.url is None:
            raise LLMUnavailableError(
                f"There is no model file {path} (parameter llm.embedded.path); set "
                "llm.embedded.url and llm.embedded.sha256 to have one fetched."
            )
        _fetch(parameters.url, path, parameters.sha256 or "")
    _check_magic(path)
    found = _known_sha256(path, path.stat().st_size, path.stat().st_mtime_ns)
    if parameters.sha256 is not None and found != parameters.sha256:
        raise LLMUnavailableError(
            f"The model file {path} has the SHA-256 {found}, not {parameters.sha256} (parameter "
            "llm.embedded.sha256); delete it to have it fetched again, or mend the parameter."
        )
    return path, found


@lru_cache(maxsize=8)
def _known_sha256(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 (part of the key)
    return sha256_of(path)


def _check_magic(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise LLMUnavailableError(f"{path} is no GGUF file (parameter llm.embedded.path).")


def _fetch(url: str, path: Path, wanted: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as target:
            found = _download(url, target, path.name)
        if found != wanted:
            raise LLMUnavailableError(
                f"What {url} gives has the SHA-256 {found}, not {wanted} (parameter "
                "llm.embedded.sha256); it was thrown away."
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _download(url: str, target: BinaryIO, name: str) -> str:
    """Copy what an address gives to a file, showing how far it is; return its SHA-256."""
    # Imported only here: nothing is fetched in an ordinary run.
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    digest = hashlib.sha256()
    columns = ("[progress.description]{task.description}", BarColumn(), DownloadColumn())
    try:
        with (
            urllib.request.urlopen(url, timeout=SILENCE_S) as source,  # noqa: S310 (http only)
            Progress(*columns, TimeRemainingColumn()) as progress,
        ):
            total = source.headers.get("content-length", "")
            task = progress.add_task(
                f"Fetching {name}", total=int(total) if total.isdigit() else None
            )
            while block := source.read(CHUNK):
                digest.update(block)
                target.write(block)
                progress.advance(task, len(block))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LLMUnavailableError(f"The model cannot be fetched from {url} ({error}).") from error
    return digest.hexdigest()
