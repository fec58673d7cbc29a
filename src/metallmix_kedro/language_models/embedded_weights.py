"""The weights of an embedded model: a file that is there, or one that is fetched once."""

import hashlib
import http.client
import re
import urllib.request
from functools import lru_cache
from pathlib import Path
from typing import IO

from metallmix_kedro.language_models.language_model import LLMUnavailableError
from metallmix_kedro.language_models.parameters import EmbeddedParameters
from metallmix_kedro.support import whole_file

MAGIC = b"GGUF"
CHUNK = 2**20
SILENCE_S = 60.0
"""Seconds without a byte after which a download is given up."""

_QUANTISATION = re.compile(r"(?<![A-Z0-9])(I?Q\d(?:_[A-Z0-9]+)*|B?F16|F32)(?![A-Z0-9])")
"""How GGUF files are named by their weights (the format's naming convention)."""


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
    _check_magic(path, "path")
    found = _known_sha256(path, path.stat().st_size, path.stat().st_mtime_ns)
    if parameters.sha256 is not None and found != parameters.sha256:
        raise LLMUnavailableError(
            f"The model file {path} has the SHA-256 {found}, not {parameters.sha256} (parameter "
            "llm.embedded.sha256); delete it to have it fetched again, or mend the parameter."
        )
    return path, found


def quantisation(path: Path) -> str | None:
    """Return how a file's weights are quantised, as its name says; None where it does not.

    Which weights they are says the checksum. The library that reads the file's head (gguf) takes
    a vocabulary of 150,000 words apart on the way: 13 s and half a gigabyte.

    Examples
    --------
    >>> quantisation(Path("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf")), quantisation(Path("x.gguf"))
    ('Q4_K_M', None)
    """
    found = _QUANTISATION.search(path.stem.upper())
    return found[1] if found else None


def ready_adapter(parameters: EmbeddedParameters) -> tuple[Path, str] | None:
    """Return the file of an adapter and its SHA-256; None where no adapter is named.

    Raises
    ------
    LLMUnavailableError
        If there is no such file, it is no GGUF file, or its checksum is another.
    """
    if parameters.adapter is None:
        return None
    path = Path(parameters.adapter).expanduser()
    if not path.is_file():
        raise LLMUnavailableError(
            f"There is no adapter file {path} (parameter llm.embedded.adapter); mend the path, or "
            "set it to null to use the model without an adapter."
        )
    _check_magic(path, "adapter")
    found = _known_sha256(path, path.stat().st_size, path.stat().st_mtime_ns)
    if parameters.adapter_sha256 not in (None, found):
        raise LLMUnavailableError(
            f"The adapter file {path} has the SHA-256 {found}, not {parameters.adapter_sha256} "
            "(parameter llm.embedded.adapter_sha256); it is another file than was meant."
        )
    return path, found


@lru_cache(maxsize=8)
def _known_sha256(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 (part of the key)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_magic(path: Path, parameter: str) -> None:
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise LLMUnavailableError(
                f"{path} is no GGUF file (parameter llm.embedded.{parameter})."
            )


def _fetch(url: str, path: Path, wanted: str) -> None:
    with whole_file(path) as target:
        found = _download(url, target, path.name)
        if found != wanted:
            raise LLMUnavailableError(
                f"What {url} gives has the SHA-256 {found}, not {wanted} (parameter "
                "llm.embedded.sha256); it was thrown away."
            )


def _download(url: str, target: IO[bytes], name: str) -> str:
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
