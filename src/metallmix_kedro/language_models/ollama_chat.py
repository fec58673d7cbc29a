"""One exchange with a model of an Ollama server, bounded in time and size.

Imports langchain-ollama (about two seconds), so it is itself imported only once a server is known
to answer.
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx
from langchain_core.messages import AIMessageChunk
from langchain_ollama import ChatOllama
from pydantic import BaseModel

from metallmix_kedro.language_models.language_model import (
    MAX_ALTERNATIVES,
    Answer,
    Identity,
    Request,
    Token,
    read_token,
)
from metallmix_kedro.language_models.ollama_server import (
    ServedModel,
    address_of,
    plain_environment,
    received,
)
from metallmix_kedro.language_models.parameters import ServerParameters

MAX_RESPONSE_BYTES = 8 * 2**20
"""More than any reply within the token limits takes on the wire; reading stops there."""


class OllamaModel:
    """A model of an Ollama server."""

    def __init__(self, served: ServedModel, parameters: ServerParameters) -> None:
        self._served = served
        self._parameters = parameters

    @property
    def identity(self) -> Identity:
        """Which model it is."""
        return self._served.identity

    def ask(self, request: Request, seconds: float) -> Answer:
        """Ask the model and return what it wrote, whatever happens.

        Parameters
        ----------
        request : Request
        seconds : float
            Time for the whole exchange, not from token to token.

        Returns
        -------
        Answer
            A server that hangs, breaks off or talks nonsense gives an answer with `error`.
        """

        def client() -> ChatOllama:
            with plain_environment():
                return self._client(request, seconds)

        pieces, error = received(client, request.messages, seconds)
        return _answer(pieces, error)

    def _client(self, request: Request, seconds: float) -> ChatOllama:
        parameters = self._parameters
        wanted = {"logprobs": True, "top_logprobs": MAX_ALTERNATIVES}
        return ChatOllama(
            model=self.identity.name,
            base_url=address_of(parameters),
            client_kwargs={"trust_env": False},
            format=request.schema,
            temperature=request.temperature,
            seed=request.seed,
            num_ctx=parameters.num_ctx,
            num_predict=request.num_predict,
            num_thread=parameters.num_thread,
            # Only said to models that know thinking: others refuse a request that speaks of it.
            reasoning=parameters.think if self._served.thinks else None,
            async_client_kwargs={
                "trust_env": False,
                "transport": _BoundedTransport(),
                "timeout": seconds,
                "headers": {"accept-encoding": "identity"},
            },
            **(wanted if request.log_probabilities else {}),
        )


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
    return Answer(
        text,
        error,
        thinking=_thinking(pieces),
        prompt_tokens=_count(last, "prompt_eval_count"),
        reply_tokens=_count(last, "eval_count"),
        prefill_s=_seconds(last, "prompt_eval_duration"),
        decoding_s=_seconds(last, "eval_duration"),
        tokens=tuple(token for piece in pieces for token in _tokens(piece)),
    )


def _thinking(pieces: list[AIMessageChunk]) -> str | None:
    thoughts = [piece.additional_kwargs.get("reasoning_content") for piece in pieces]
    return "".join(thought for thought in thoughts if isinstance(thought, str)) or None


def _tokens(piece: AIMessageChunk) -> list[Token]:
    """Read the log-probabilities of a piece; what is not as documented is left out."""
    # What a model thinks has log-probabilities too, in pieces without content.
    listed = piece.response_metadata.get("logprobs") if piece.content else None
    return [
        read
        for entry in (listed if isinstance(listed, list) else [])
        if (read := read_token(_plain(entry))) is not None
    ]


def _plain(entry: object) -> object:
    """Turn the client's own class of a token into the dictionary it was read from."""
    return entry.model_dump() if isinstance(entry, BaseModel) else entry


def _seconds(metadata: dict[str, Any], name: str) -> float | None:
    nanoseconds = metadata.get(name)
    return round(nanoseconds / 1e9, 4) if isinstance(nanoseconds, int) else None


def _count(metadata: dict[str, Any], name: str) -> int | None:
    value = metadata.get(name)
    return value if isinstance(value, int) else None


class _BoundedTransport(httpx.AsyncBaseTransport):
    """A direct connection (no proxy) whose responses end with an error when they grow too large."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)

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
