"""Finding out whether an Ollama server answers and what it has.

Standard library only: without a server, nothing of langchain is imported.
"""

import http.client
import json
import os
import re
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from metallmix_kedro.language_models.address import from_environment
from metallmix_kedro.language_models.language_model import Identity, LLMUnavailableError
from metallmix_kedro.language_models.parameters import ServerParameters

T = TypeVar("T")

GRACE_S = 2.0
"""Seconds that closing a connection may take after the time is up."""
MAX_LISTING_BYTES = 4 * 2**20
"""Largest list of models that is read."""
MAX_LISTED = 20
"""Models of the server that a message names."""
LISTING_TIMEOUT_S = 10.0
"""A server that said its version may take this long to list its models from a slow disk."""

_OTHERS = re.compile(r"(?i)(_proxy|^OLLAMA_HOST|^SSL_CERT_FILE|^SSL_CERT_DIR|^SSLKEYLOGFILE)$")
"""Variables that the client of Ollama reads when it is imported."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that a server has, and whether it can think aloud before it answers."""

    identity: Identity
    thinks: bool


def find_model(model: str, parameters: ServerParameters) -> ServedModel:
    """Find a model on the server.

    Parameters
    ----------
    model : str
        As ``ollama list`` says it; without a tag, ``:latest`` is meant.
    parameters : ServerParameters

    Raises
    ------
    LLMUnavailableError
        If no server answers in time, or it has no such model.
    """
    wanted = model if ":" in model.rpartition("/")[2] else f"{model}:latest"
    installed = installed_models(parameters)
    for identity in installed:
        if identity.name == wanted:
            return ServedModel(identity, _thinks(wanted, parameters))
    names = sorted(identity.name for identity in installed)
    listed = ", ".join(names[:MAX_LISTED]) + (", ..." if len(names) > MAX_LISTED else "")
    raise LLMUnavailableError(
        f"The Ollama server at {address_of(parameters)} has no model '{model}' "
        f"(it has {listed or 'none at all'}); set llm.model to one of these, or get it with: "
        f"ollama pull {model}"
    )


def address_of(parameters: ServerParameters) -> str:
    """Return the address of the server that the parameters, else the environment, name.

    Raises
    ------
    LLMUnavailableError
        If the environment names none that can be understood.
    """
    if parameters.base_url is not None:
        return parameters.base_url
    try:
        return from_environment()
    except ValueError as error:
        raise LLMUnavailableError(f"No Ollama server can be asked: {error}") from error


def installed_models(parameters: ServerParameters) -> list[Identity]:
    """List the models of the server.

    Raises
    ------
    LLMUnavailableError
        If none answers in time.
    """
    address = address_of(parameters)
    version = fetch_json(address, "/api/version", parameters.connect_timeout_s).get("version")
    listed = fetch_json(address, "/api/tags", min(LISTING_TIMEOUT_S, parameters.timeout_s)).get(
        "models"
    )
    return [
        _identity(entry, _text(version))
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]


def _identity(entry: dict[str, Any], version: str | None) -> Identity:
    details = entry.get("details")
    level = details.get("quantization_level") if isinstance(details, dict) else None
    return Identity(
        "ollama", entry["name"][:200], _text(entry.get("digest")), _text(level), version
    )


def _thinks(model: str, parameters: ServerParameters) -> bool:
    """Whether a model is one that thinks aloud; a server that does not say so has none."""
    seconds = min(LISTING_TIMEOUT_S, parameters.timeout_s)
    try:
        shown = fetch_json(address_of(parameters), "/api/show", seconds, {"model": model})
    except LLMUnavailableError:
        return False
    capabilities = shown.get("capabilities")
    return isinstance(capabilities, list) and "thinking" in capabilities


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


def received(
    client: Callable[[], Any],
    messages: Sequence[Any],
    seconds: float,
    check: Callable[[Any], None] = lambda _: None,
) -> tuple[list[Any], str | None]:
    """Ask a client of langchain and take in what it streams, whatever happens.

    Parameters
    ----------
    client : callable
        Makes it.
    messages : sequence
        What it is asked.
    seconds : float
        Time for the whole exchange, not from token to token.
    check : callable, optional
        Looks at each piece; what it raises ends the exchange.

    Returns
    -------
    pieces : list
        As far as they came.
    error : str or None
        What went wrong.
    """
    import asyncio  # only once a server is asked

    pieces: list[Any] = []

    async def receive(made: Any) -> None:
        async with asyncio.timeout(seconds):
            async for piece in made.astream(list(messages)):
                pieces.append(piece)
                check(piece)

    error = None
    try:
        made = client()
        within(seconds + GRACE_S, lambda: asyncio.run(receive(made)))
    except TimeoutError:
        error = f"the model did not finish within {seconds:.0f} s"
    except Exception as trouble:
        # Garbage from a server can trip any of a client's layers, each in its own way.
        error = f"the server's answer broke off or made no sense ({_short(trouble)})"
    return list(pieces), error


def _short(trouble: Exception) -> str:
    text = " ".join(str(trouble).split()) or type(trouble).__name__
    return text if len(text) <= 200 else f"{text[:197]}..."


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


def fetch_json(
    address: str,
    path: str,
    seconds: float,
    body: dict[str, Any] | None = None,
    server: str = "Ollama",
    key: str | None = None,
) -> dict[str, Any]:
    """Fetch a JSON object from a server; with a body, by a POST request; with a key, named.

    Raises
    ------
    LLMUnavailableError
        If none answers in time, or with something else.
    """
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(  # noqa: S310 (the address is checked to be http)
        address.rstrip("/") + path,
        data=None if body is None else json.dumps(body).encode(),
        headers=headers if key is None else {**headers, "authorization": f"Bearer {key}"},
    )

    def fetch() -> bytes:
        # No proxy: the server is on this machine or near it.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=seconds) as response:
            content: bytes = response.read(MAX_LISTING_BYTES)
            return content

    try:
        answer = json.loads(within(seconds, fetch))
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise LLMUnavailableError(
            f"No {server} server answers at {address} within {seconds:g} s ({_why(error)})"
            f"{'; start one with: ollama serve' if server == 'Ollama' else ''}"
        ) from error
    if not isinstance(answer, dict):
        raise LLMUnavailableError(f"What answers at {address} is no {server} server.")
    return answer


def _why(error: Exception) -> str:
    """Say why nothing answers, as the operating system puts it where it was asked."""
    reason = getattr(error, "reason", error)  # urllib wraps what the socket said
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) else None
