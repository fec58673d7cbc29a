"""The weights of an embedded model: a file that is there, or one that is fetched once."""

import hashlib
import http.client
import re
import urllib.request
from functools import lru_cache
from pathlib import Path

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
    mend = "delete it to have it fetched again, or mend the parameter"
    return path, _checked(path, parameters.sha256, ("path", "sha256"), mend)


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
    mend = "it is another file than was meant"
    return path, _checked(path, parameters.adapter_sha256, ("adapter", "adapter_sha256"), mend)


@lru_cache(maxsize=8)
def _known_sha256(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 (part of the key)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(path: Path, wanted: str | None, names: tuple[str, str], mend: str) -> str:
    """Return the SHA-256 of a GGUF file; `names` are the parameters of its path and checksum."""
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise LLMUnavailableError(
                f"{path} is no GGUF file (parameter llm.embedded.{names[0]})."
            )
    found = _known_sha256(path, path.stat().st_size, path.stat().st_mtime_ns)
    if wanted not in (None, found):
        raise LLMUnavailableError(
            f"The file {path} has the SHA-256 {found}, not {wanted} (parameter llm.embedded."
            f"{names[1]}); {mend}."
        )
    return found


def _fetch(url: str, path: Path, wanted: str) -> None:
    """Copy what an address gives to a file, showing how far it is."""
    # Imported only here: nothing is fetched in an ordinary run.
    from rich.progress import wrap_file

    digest = hashlib.sha256()
    with whole_file(path) as target:
        try:
            with urllib.request.urlopen(url, timeout=SILENCE_S) as source:  # noqa: S310 (http only)
                size = int(source.headers.get("content-length", 0))
                with wrap_file(source, size, description=f"Fetching {path.name}") as watched:
                    while block := watched.read(CHUNK):
                        digest.update(block)
                        target.write(block)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LLMUnavailableError(
                f"The model cannot be fetched from {url} ({error})."
            ) from error
        if digest.hexdigest() != wanted:
            raise LLMUnavailableError(
                f"What {url} gives has the SHA-256 {digest.hexdigest()}, not {wanted} (parameter "
                "llm.embedded.sha256); it was thrown away."
            )
