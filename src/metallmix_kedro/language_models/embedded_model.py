"""A model inside this process, run by llama.cpp (extra ``embedded``).

Of the bindings to llama.cpp xllamacpp comes as prebuilt wheels for all systems, follows llama.cpp's
releases, and gives schema-bound decoding, log-probabilities, a prompt cache and timings.
"""

import hashlib
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from metallmix_kedro.language_models.embedded_weights import (
    quantisation,
    ready_adapter,
    ready_weights,
)
from metallmix_kedro.language_models.language_model import (
    MAX_ALTERNATIVES,
    Answer,
    Identity,
    LLMUnavailableError,
    Message,
    Request,
    read_token,
)
from metallmix_kedro.language_models.parameters import ServerParameters
from metallmix_kedro.language_models.servers import within

GRACE_S = 30.0
"""Seconds that reading a prompt may take beyond the time limit, because it cannot be stopped."""

_ROLES = {"human": "user", "ai": "assistant", "system": "system"}


class EmbeddedModel:
    """A model of a GGUF file, loaded once a process."""

    def __init__(self, parameters: ServerParameters) -> None:
        path, digest = ready_weights(parameters.embedded)
        name, adapter, adapter_digest = path.name, None, None
        if found := ready_adapter(parameters.embedded):
            adapter, adapter_digest = found
            name = f"{name} with {adapter.name}"
            digest = hashlib.sha256(f"{digest} {adapter_digest}".encode()).hexdigest()
        self._server, version = _load(path, parameters.num_ctx, parameters.num_thread, adapter)
        self._think = parameters.think
        self._identity = Identity(
            "embedded", name, digest, quantisation(path), version, adapter=adapter_digest
        )

    @property
    def identity(self) -> Identity:
        """Which model it is."""
        return self._identity

    def ask(self, request: Request, seconds: float) -> Answer:
        """Ask the model and return what it wrote, whatever happens."""
        deadline = time.monotonic() + seconds
        reply = _Reply(deadline)

        def converse() -> None:
            self._server.handle_chat_completions(self._body(request), reply.take)

        error = None
        try:
            within(seconds + GRACE_S, converse)
        except TimeoutError:
            reply.late = True
        except Exception as trouble:
            error = f"the embedded model failed ({' '.join(str(trouble).split())[:200]})"
        return reply.answer(error, seconds)

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "messages": [_message(message) for message in request.messages],
            "response_format": {"type": "json_schema", "json_schema": {"schema": request.schema}},
            "temperature": request.temperature,
            "seed": request.seed,
            "max_tokens": request.num_predict,
            "cache_prompt": True,
            "stream": True,
            "stream_options": {"include_usage": True},
            "chat_template_kwargs": {"enable_thinking": self._think},
        }
        if request.log_probabilities:
            body |= {"logprobs": True, "top_logprobs": MAX_ALTERNATIVES}
        return body


class _Reply:
    """What arrives of a reply, piece by piece; asks for no more once the time is up."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._pieces: list[dict[str, Any]] = []
        self._ended: str | None = None
        self.late = False

    def take(self, piece: dict[str, Any]) -> bool:
        """Take a piece; return whether to stop."""
        self._pieces.append(piece)
        for choice in piece.get("choices") or []:
            self._ended = choice.get("finish_reason") or self._ended
        self.late = self._ended is None and time.monotonic() > self._deadline
        return self.late or "error" in piece

    def answer(self, error: str | None, seconds: float) -> Answer:
        """Return all that arrived."""
        # Where the time was up, more may still be arriving.
        pieces = list(self._pieces)
        choices = [choice for piece in pieces for choice in piece.get("choices") or []]
        deltas = [(choice, choice.get("delta") or {}) for choice in choices]
        usage, timings = _last(pieces, "usage"), _last(pieces, "timings")
        listed = (
            entry
            for choice, delta in deltas
            if delta.get("content")
            for entry in (choice.get("logprobs") or {}).get("content") or []
        )
        return Answer(
            "".join(delta.get("content") or "" for _, delta in deltas),
            error or self._error(pieces, seconds),
            thinking="".join(delta.get("reasoning_content") or "" for _, delta in deltas) or None,
            prompt_tokens=usage.get("prompt_tokens"),
            reply_tokens=usage.get("completion_tokens"),
            prefill_s=_seconds(timings.get("prompt_ms")),
            decoding_s=_seconds(timings.get("predicted_ms")),
            tokens=tuple(token for entry in listed if (token := read_token(entry)) is not None),
        )

    def _error(self, pieces: list[dict[str, Any]], seconds: float) -> str | None:
        for piece in pieces:
            if "error" in piece:
                return f"the embedded model failed ({str(piece['error'])[:200]})"
        if self.late:
            return f"the model did not finish within {seconds:.0f} s"
        if self._ended == "length":
            return "the reply was cut off at the token limit (num_predict)"
        return "the embedded model broke off in mid-reply" if self._ended is None else None


def _last(pieces: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next((piece[name] for piece in reversed(pieces) if piece.get(name)), {})


@lru_cache(maxsize=2)
def _load(
    path: Path, num_ctx: int, num_thread: int | None, adapter: Path | None = None
) -> tuple[Any, str | None]:
    """Load a model; the same one stays loaded, with the prompt it read last."""
    try:
        import xllamacpp
    except ImportError as error:
        raise LLMUnavailableError(
            "The embedded model needs llama.cpp; install it with: "
            "pip install 'metallmix-kedro[embedded]'"
        ) from error
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = num_ctx
    parameters.n_parallel = 1
    parameters.warmup = False
    parameters.verbosity = 0
    parameters.n_predict = -1
    if num_thread is not None:
        parameters.cpuparams.n_threads = num_thread
        parameters.cpuparams_batch.n_threads = num_thread
    if adapter is not None:
        parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), 1.0)]
    try:
        server = xllamacpp.Server(parameters)
    except Exception as error:
        what = f"the model {path}"
        if adapter is not None:
            what += f" with the adapter {adapter}, which has to be a LoRA made of this model"
        raise LLMUnavailableError(
            f"llama.cpp cannot load {what} ({' '.join(str(error).split())[:200]})."
        ) from error
    return server, getattr(xllamacpp, "__version__", None)


def _message(message: Message) -> dict[str, str]:
    role, text = message
    return {"role": _ROLES[role], "content": text}


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1e3, 4)
