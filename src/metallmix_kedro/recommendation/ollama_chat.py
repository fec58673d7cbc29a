"""One exchange with a model of an Ollama server, bounded in time and size.

Imports langchain-ollama (about two seconds), so it is itself imported only once a server is known
to answer.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from langchain_core.messages import AIMessageChunk
from langchain_ollama import ChatOllama

from metallmix_kedro.recommendation.llm_parameters import ServerParameters
from metallmix_kedro.recommendation.ollama_server import within

MAX_RESPONSE_BYTES = 8 * 2**20
"""More than any reply within the token limits takes on the wire; reading stops there."""
GRACE_S = 2.0
"""Seconds that closing a connection may take after the time is up."""

Message = tuple[str, str]
"""Role (``"system"``, ``"human"`` or ``"ai"``) and text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote; `error` says why it is not whole, if it is not."""

    text: str
    error: str | None = None
    prompt_tokens: int | None = None
    reply_tokens: int | None = None


def chat(
    messages: Sequence[Message],
    schema: dict[str, Any],
    model: str,
    parameters: ServerParameters,
    temperature: float,
    seed: int,
    seconds: float,
) -> Answer:
    """Ask a model and return what it wrote, whatever happens.

    Parameters
    ----------
    messages : sequence of (str, str)
    schema : dict
        JSON Schema that the server makes the model keep to.
    model : str
    parameters : ServerParameters
    temperature : float
    seed : int
    seconds : float
        Time for the whole exchange, not from token to token.

    Returns
    -------
    Answer
        A server that hangs, breaks off or talks nonsense gives an answer with `error`.
    """
    pieces: list[AIMessageChunk] = []
    client = ChatOllama(
        model=model,
        base_url=parameters.base_url,
        format=schema,
        temperature=temperature,
        seed=seed,
        num_ctx=parameters.num_ctx,
        num_predict=parameters.num_predict,
        num_thread=parameters.num_thread,
        async_client_kwargs={
            "transport": _BoundedTransport(),
            "timeout": seconds,
            "headers": {"accept-encoding": "identity"},
        },
    )

    async def receive() -> None:
        async with asyncio.timeout(seconds):
            async for piece in client.astream(list(messages)):
                pieces.append(piece)

    error = None
    try:
        within(seconds + GRACE_S, lambda: asyncio.run(receive()))
    except TimeoutError:
        error = f"the model did not finish within {seconds:.0f} s"
    except Exception as trouble:
        # Garbage from a server can trip any of the client's three layers, each in its own way.
        error = f"the server's answer broke off or made no sense ({_short(trouble)})"
    return _answer(list(pieces), error)


def _answer(pieces: list[AIMessageChunk], error: str | None) -> Answer:
    text = "".join(piece.content for piece in pieces if isinstance(piece.content, str))
    last: dict[str, Any] = dict(pieces[-1].response_metadata) if pieces else {}
    for piece in pieces:
        if piece.response_metadata.get("done"):
            last = dict(piece.response_metadata)
    if error is None and last.get("done_reason") == "length":
        error = "the reply was cut off at the token limit (num_predict)"
    if error is None and not last.get("done"):
        error = "the server broke off in mid-reply"
    return Answer(text, error, _count(last, "prompt_eval_count"), _count(last, "eval_count"))


def _count(metadata: dict[str, Any], name: str) -> int | None:
    value = metadata.get(name)
    return value if isinstance(value, int) else None


def _short(trouble: Exception) -> str:
    text = " ".join(str(trouble).split()) or type(trouble).__name__
    return text if len(text) <= 200 else f"{text[:197]}..."


class _BoundedTransport(httpx.AsyncBaseTransport):
    """A direct connection (no proxy) whose responses end with an error when they grow too large."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx.DecodingError("a compressed answer was not asked for", request=request)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_BoundedStream(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


class _BoundedStream(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._response.aiter_raw():
            size += len(part)
            if size > MAX_RESPONSE_BYTES:
                raise httpx.ReadError(f"the answer is larger than {MAX_RESPONSE_BYTES} bytes")
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()
