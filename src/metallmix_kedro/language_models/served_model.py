"""A model of a server, asked through langchain's client of its protocol.

That of Ollama takes about two seconds to import, so that it is imported only once a server is known
to answer; that of OpenAI's protocol (vLLM, LM Studio, llama.cpp's own server) needs the extra
``openai``.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from metallmix_kedro.language_models.language_model import (
    MAX_ALTERNATIVES,
    Answer,
    Identity,
    Request,
    Token,
    read_token,
)
from metallmix_kedro.language_models.parameters import ServerParameters
from metallmix_kedro.language_models.servers import (
    address_of,
    find_ollama,
    find_openai,
    plain_environment,
    within,
)
from metallmix_kedro.support import require

MAX_REPLY_CHARS = 200_000
"""More than any reply within the token limits; reading stops there."""

_WANTED = {"logprobs": True, "top_logprobs": MAX_ALTERNATIVES}


@dataclass(frozen=True)
class ServedModel:
    """A model of a server; ``client`` makes what streams its reply to a request."""

    identity: Identity
    client: Callable[[Request, float], Any]

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
        pieces: list[Any] = []
        deadline = time.monotonic() + seconds

        def receive(client: Any) -> None:
            size = 0
            for piece in client.stream(list(request.messages)):
                size += len(str(piece.content))
                if size > MAX_REPLY_CHARS:
                    raise ValueError(f"the answer has more than {MAX_REPLY_CHARS} characters")
                if time.monotonic() > deadline:
                    raise TimeoutError
                pieces.append(piece)

        error = None
        try:
            with plain_environment():
                client = self.client(request, seconds)
            within(seconds, lambda: receive(client))
        except Exception as trouble:
            # Garbage from a server can trip any of a client's layers, each in its own way.
            why = (" ".join(str(trouble).split()) or type(trouble).__name__)[:200]
            error = f"the server's answer broke off or made no sense ({why})"
            if time.monotonic() >= deadline:
                error = f"the model did not finish within {seconds:.0f} s"
        # Where the time was up, more may still be arriving.
        return _answer(list(pieces), error)


def ollama_model(parameters: ServerParameters) -> ServedModel:
    """Find the model of the parameters on the Ollama server."""
    identity, address = find_ollama(parameters), address_of(parameters)
    with plain_environment():
        from langchain_ollama import ChatOllama

    def client(request: Request, seconds: float) -> ChatOllama:
        return ChatOllama(
            model=identity.name,
            base_url=address,
            client_kwargs={"trust_env": False, "timeout": seconds},
            format=request.schema,
            temperature=request.temperature,
            seed=request.seed,
            num_ctx=parameters.num_ctx,
            num_predict=request.num_predict,
            num_thread=parameters.num_thread,
            # Only said to models that know thinking: others refuse a request that speaks of it.
            reasoning=parameters.think if identity.thinks else None,
            **(_WANTED if request.log_probabilities else {}),
        )

    return ServedModel(identity, client)


def openai_model(parameters: ServerParameters) -> ServedModel:
    """Find the model of the parameters on the server that speaks OpenAI's protocol."""
    with plain_environment():
        client_class = require("langchain_openai", "openai").ChatOpenAI
    key = os.environ.get("OPENAI_API_KEY", "none")
    identity = find_openai(parameters, key)

    def client(request: Request, seconds: float) -> Any:
        return client_class(
            model=identity.name,
            base_url=f"{parameters.base_url}/v1",
            api_key=key,
            temperature=request.temperature,
            seed=request.seed,
            timeout=seconds,
            max_retries=0,
            stream_usage=True,
            # As they are: what the client makes of a schema or a limit, not every server takes.
            extra_body={
                "max_tokens": request.num_predict,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "reply", "schema": request.schema},
                },
                "chat_template_kwargs": {"enable_thinking": parameters.think},
            },
            **(_WANTED if request.log_probabilities else {}),
        )

    return ServedModel(identity, client)


def _answer(pieces: Sequence[Any], error: str | None) -> Answer:
    told = {name: one for piece in pieces for name, one in piece.response_metadata.items()}
    usage: dict[str, int] = next((one.usage_metadata for one in pieces if one.usage_metadata), {})
    # Ollama's word, and OpenAI's.
    ended = told.get("done_reason") or told.get("finish_reason")
    if ended == "length":
        error = error or "the reply was cut off at the token limit (num_predict)"
    if ended is None:
        error = error or "the server broke off in mid-reply"
    thoughts = (piece.additional_kwargs.get("reasoning_content") for piece in pieces)
    return Answer(
        "".join(piece.content for piece in pieces if isinstance(piece.content, str)),
        error,
        thinking="".join(one for one in thoughts if isinstance(one, str)) or None,
        prompt_tokens=usage.get("input_tokens"),
        reply_tokens=usage.get("output_tokens"),
        prefill_s=_seconds(told.get("prompt_eval_duration")),
        decoding_s=_seconds(told.get("eval_duration")),
        tokens=tuple(token for piece in pieces for token in _tokens(piece)),
    )


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else round(nanoseconds / 1e9, 4)


def _tokens(piece: Any) -> list[Token]:
    """Read the log-probabilities of a piece; what is not as documented is left out."""
    # What a model thinks has log-probabilities too, in pieces without content.
    listed = piece.response_metadata.get("logprobs") if piece.content else None
    if isinstance(listed, dict):
        listed = listed.get("content")
    # The client of Ollama has a class of its own for a token.
    entries = [one.model_dump() if hasattr(one, "model_dump") else one for one in listed or []]
    return [token for entry in entries if (token := read_token(entry)) is not None]
