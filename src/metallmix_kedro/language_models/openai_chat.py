"""One exchange with a server that speaks OpenAI's protocol: vLLM, LM Studio, llama.cpp's own.

Needs the extra ``openai`` (langchain-openai), which is imported only where such a server is asked.
"""

import os
from typing import Any

from metallmix_kedro.language_models.language_model import (
    MAX_ALTERNATIVES,
    Answer,
    Identity,
    LLMUnavailableError,
    Request,
    read_token,
)
from metallmix_kedro.language_models.ollama_server import (
    LISTING_TIMEOUT_S,
    MAX_LISTED,
    fetch_json,
    plain_environment,
    received,
)
from metallmix_kedro.language_models.parameters import ServerParameters
from metallmix_kedro.support import require

MAX_REPLY_CHARS = 200_000
"""More than any reply within the token limits; reading stops there."""


class OpenAIModel:
    """A model of a server that speaks OpenAI's protocol; the server tells no digest of it."""

    def __init__(self, parameters: ServerParameters) -> None:
        self._parameters = parameters
        self._key = os.environ.get("OPENAI_API_KEY", "none")
        self._client_class = _client_class()
        self._identity = self._find()

    @property
    def identity(self) -> Identity:
        """Which model it is."""
        return self._identity

    def ask(self, request: Request, seconds: float) -> Answer:
        """Ask the model and return what it wrote, whatever happens."""
        size = 0

        def count(piece: Any) -> None:
            nonlocal size
            size += len(str(piece.content))
            if size > MAX_REPLY_CHARS:
                raise ValueError(f"the answer has more than {MAX_REPLY_CHARS} characters")

        with plain_environment():
            pieces, error = received(
                lambda: self._client(request, seconds), request.messages, seconds, count
            )
        return _answer(pieces, error)

    def _find(self) -> Identity:
        """Find the model among those that the server lists.

        Raises
        ------
        LLMUnavailableError
            If no server answers in time, or it has no such model.
        """
        address, wanted = str(self._parameters.base_url), self._parameters.model
        seconds = max(self._parameters.connect_timeout_s, LISTING_TIMEOUT_S)
        listed = fetch_json(address, "/v1/models", seconds, server="OpenAI", key=self._key)
        entries = listed.get("data")
        names = [
            str(one["id"])[:200]
            for one in (entries if isinstance(entries, list) else [])
            if isinstance(one, dict) and "id" in one
        ]
        if wanted not in names:
            raise LLMUnavailableError(
                f"The server at {address} has no model '{wanted}' (it has "
                f"{', '.join(sorted(names)[:MAX_LISTED]) or 'none at all'}); set llm.model to one "
                "of these."
            )
        return Identity("openai", wanted, None, None, None)

    def _client(self, request: Request, seconds: float) -> Any:
        wanted = {"logprobs": True, "top_logprobs": MAX_ALTERNATIVES}
        return self._client_class(
            model=self.identity.name,
            base_url=f"{self._parameters.base_url}/v1",
            api_key=self._key,
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
                "chat_template_kwargs": {"enable_thinking": self._parameters.think},
            },
            **(wanted if request.log_probabilities else {}),
        )


def _client_class() -> Any:
    with plain_environment():
        return require("langchain_openai", "openai").ChatOpenAI


def _answer(pieces: list[Any], error: str | None) -> Answer:
    told = [piece.response_metadata for piece in pieces]
    ended = next((one["finish_reason"] for one in told if one.get("finish_reason")), None)
    usage: dict[str, Any] = next((one.usage_metadata for one in pieces if one.usage_metadata), {})
    if error is None and ended == "length":
        error = "the reply was cut off at the token limit (num_predict)"
    if error is None and ended is None:
        error = "the server broke off in mid-reply"
    said = [(one.get("logprobs") or {}).get("content") or [] for one in told]
    listed = [read_token(entry) for entries in said for entry in entries]
    return Answer(
        "".join(piece.content for piece in pieces if isinstance(piece.content, str)),
        error,
        prompt_tokens=usage.get("input_tokens"),
        reply_tokens=usage.get("output_tokens"),
        tokens=tuple(token for token in listed if token is not None),
    )
