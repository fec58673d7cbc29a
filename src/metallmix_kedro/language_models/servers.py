"""Finding out whether a server answers and what it has: Ollama, or one of OpenAI's protocol.

Without langchain, so that without a server nothing of it is imported.
"""

import http.client
import json
import os
import re
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from metallmix_kedro.language_models.address import from_environment
from metallmix_kedro.language_models.language_model import Identity, LLMUnavailableError
from metallmix_kedro.language_models.parameters import ServerParameters

T = TypeVar("T")
Shape = TypeVar("Shape", bound=BaseModel)

MAX_LISTING_BYTES = 4 * 2**20
"""Largest list of models that is read."""
MAX_LISTED = 20
"""Models of the server that a message names."""
LISTING_TIMEOUT_S = 10.0
"""A server that said its version may take this long to list its models from a slow disk."""

_OTHERS = re.compile(r"(?i)(_proxy|^OLLAMA_HOST|^SSL_CERT_FILE|^SSL_CERT_DIR|^SSLKEYLOGFILE)$")
"""Variables that the clients of servers read when they are imported or made."""


class _Version(BaseModel):
    version: str


class _Details(BaseModel):
    quantization_level: str | None = None


class _Installed(BaseModel):
    name: str
    digest: str | None = None
    details: _Details | None = None


class _Tags(BaseModel):
    models: list[_Installed]


class _Shown(BaseModel):
    capabilities: list[str] = []


class _Named(BaseModel):
    id: str


class Models(BaseModel):
    """What ``/v1/models`` answers."""

    data: list[_Named]


def find_ollama(parameters: ServerParameters) -> Identity:
    """Find a model on the Ollama server.

    Raises
    ------
    LLMUnavailableError
        If no server answers in time, or it has no such model.
    """
    model, address = parameters.model, address_of(parameters)
    version = fetch(address, "/api/version", parameters.connect_timeout_s, _Version).version
    patience = min(LISTING_TIMEOUT_S, parameters.timeout_s)
    installed = {one.name: one for one in fetch(address, "/api/tags", patience, _Tags).models}
    # Without a tag, `latest` is meant.
    wanted = model if ":" in model.rpartition("/")[2] else f"{model}:latest"
    if wanted not in installed:
        mend = f", or get it with: ollama pull {model}"
        raise _absent(f"Ollama server at {address}", model, [*installed], mend)
    try:
        shown = fetch(address, "/api/show", patience, _Shown, {"model": wanted})
    except LLMUnavailableError:
        # A server that does not say so has no model that thinks aloud.
        shown = _Shown()
    found = installed[wanted]
    level = found.details.quantization_level if found.details else None
    thinks = "thinking" in shown.capabilities
    return Identity("ollama", wanted, found.digest, level, version, thinks=thinks)


def find_openai(parameters: ServerParameters, key: str) -> Identity:
    """Find a model on a server that speaks OpenAI's protocol, which tells no digest of it.

    Raises
    ------
    LLMUnavailableError
        If no server answers in time, or it has no such model.
    """
    address, model = str(parameters.base_url), parameters.model
    seconds = max(parameters.connect_timeout_s, LISTING_TIMEOUT_S)
    listed = fetch(address, "/v1/models", seconds, Models, server="OpenAI", key=key)
    names = [one.id for one in listed.data]
    if model not in names:
        raise _absent(f"server at {address}", model, names, ".")
    return Identity("openai", model, None, None, None)


def _absent(server: str, model: str, names: list[str], mend: str) -> LLMUnavailableError:
    listed = ", ".join(sorted(names)[:MAX_LISTED]) + (", ..." if len(names) > MAX_LISTED else "")
    return LLMUnavailableError(
        f"The {server} has no model '{model}' (it has {listed or 'none at all'}); set llm.model to "
        f"one of these{mend}"
    )


def address_of(parameters: ServerParameters) -> str:
    """Return the address of the server that the parameters, else the environment, name.

    Raises
    ------
    LLMUnavailableError
        If the environment names none that can be understood.
    """
    try:
        return parameters.base_url or from_environment()
    except ValueError as error:
        raise LLMUnavailableError(f"No Ollama server can be asked: {error}") from error


@contextmanager
def plain_environment() -> Iterator[None]:
    """Hide what is said to other programs of proxies and certificates.

    The client of Ollama opens a connection pool of its own when it is imported, and fails where a
    proxy is of a kind that it lacks a package for, or a certificate is not there.
    """
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if _OTHERS.search(name)}
    try:
        yield
    finally:
        os.environ.update(hidden)


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do something in a thread of its own and stop waiting for it after some seconds.

    Timeouts of sockets count from byte to byte and not at all while a name is looked up; this one
    counts from the beginning.

    Raises
    ------
    TimeoutError
        If it is not done in time; the thread is left behind and ends with the process.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result(timeout=seconds)


def fetch(
    address: str,
    path: str,
    seconds: float,
    shape: type[Shape],
    body: dict[str, Any] | None = None,
    server: str = "Ollama",
    key: str = "none",
) -> Shape:
    """Fetch a JSON object from a server; with a body, by a POST request.

    Raises
    ------
    LLMUnavailableError
        If none answers in time, or with something else.
    """
    request = urllib.request.Request(  # noqa: S310 (the address is checked to be http)
        address.rstrip("/") + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json", "authorization": f"Bearer {key}"},
    )

    def read() -> bytes:
        # No proxy: the server is on this machine or near it.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=seconds) as response:
            content: bytes = response.read(MAX_LISTING_BYTES)
            return content

    try:
        return shape.model_validate_json(within(seconds, read))
    except ValidationError as error:
        raise LLMUnavailableError(f"What answers at {address} is no {server} server.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LLMUnavailableError(
            f"No {server} server answers at {address} within {seconds:g} s ({_why(error)})"
            f"{'; start one with: ollama serve' if server == 'Ollama' else ''}"
        ) from error


def _why(error: Exception) -> str:
    """Say why nothing answers, as the operating system puts it where it was asked."""
    reason = getattr(error, "reason", error)  # urllib wraps what the socket said
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
