"""Finding out whether an Ollama server answers and what it has.

Standard library only: without a server, nothing of langchain is imported.
"""

import http.client
import json
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from metallmix_kedro.errors import MetallmixError
from metallmix_kedro.recommendation.llm_parameters import ServerParameters

T = TypeVar("T")

MAX_LISTING_BYTES = 4 * 2**20
"""Largest list of models that is read."""
LISTING_TIMEOUT_S = 10.0
"""A server that said its version may take this long to list its models from a slow disk."""


class LLMUnavailableError(MetallmixError):
    """A server that does not answer, or a model that it does not have."""

    title = "No language model"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that a server has: its name there, its digest (sha256) and its quantisation."""

    name: str
    digest: str | None
    quantisation: str | None
    server_version: str | None


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
    address = parameters.base_url
    version = _get(address, "/api/version", parameters.connect_timeout_s).get("version")
    listed = _get(address, "/api/tags", min(LISTING_TIMEOUT_S, parameters.timeout_s)).get("models")
    wanted = model if ":" in model.rpartition("/")[2] else f"{model}:latest"
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("name") == wanted:
            details = entry.get("details")
            level = details.get("quantization_level") if isinstance(details, dict) else None
            return ServedModel(wanted, _text(entry.get("digest")), _text(level), _text(version))
    raise LLMUnavailableError(
        f"The Ollama server at {address} has no model '{model}'; get it with: ollama pull {model}"
    )


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


def _get(address: str, path: str, seconds: float) -> dict[str, Any]:
    """Fetch a JSON object."""
    # No proxy: the server is on this machine or near it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def fetch() -> bytes:
        with opener.open(address.rstrip("/") + path, timeout=seconds) as response:
            content: bytes = response.read(MAX_LISTING_BYTES)
            return content

    try:
        answer = json.loads(within(seconds, fetch))
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise LLMUnavailableError(
            f"No Ollama server answers at {address} within {seconds:g} s "
            f"({_why(error)}); start one with: ollama serve"
        ) from error
    if not isinstance(answer, dict):
        raise LLMUnavailableError(f"What answers at {address} is not an Ollama server.")
    return answer


def _why(error: Exception) -> str:
    """Say why nothing answers, as the operating system puts it where it was asked."""
    reason = getattr(error, "reason", error)  # urllib wraps what the socket said
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) else None
