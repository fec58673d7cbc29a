"""What is asked of any language model, wherever it runs: messages in, an answer out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from metallmix_kedro.support import MetallmixError

Message = tuple[str, str]
"""Role (``"system"``, ``"human"`` or ``"ai"``) and text."""

ProviderUsed = Literal["ollama", "openai", "embedded", "none"]

MAX_ALTERNATIVES = 20
"""Tokens whose log-probabilities are asked for at each place; no server gives more."""


class LLMUnavailableError(MetallmixError):
    """A server that does not answer, or a model that cannot be had."""

    title = "No language model"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which model it is: its name, digest (sha256) and quantisation, and what runs it.

    ``thinks`` says whether it can think aloud before it answers, as far as the server tells.
    ``adapter`` is the SHA-256 of a LoRA adapter that is loaded on top; the ``digest`` is then of
    both, so that what was measured of the model alone does not count for it.
    """

    provider: Literal["ollama", "openai", "embedded"]
    name: str
    digest: str | None
    quantisation: str | None
    version: str | None
    thinks: bool = False
    adapter: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was written, and the log-probabilities of those that might have been."""

    text: str
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote; `error` says why it is not whole, if it is not.

    ``thinking`` is what a reasoning model thought aloud where the server tells it apart; it is no
    part of ``text``. ``prefill_s`` and ``decoding_s`` are the seconds the model took to read and
    to write, as it measured them itself.
    """

    text: str
    error: str | None = None
    thinking: str | None = None
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    prefill_s: float | None = None
    decoding_s: float | None = None
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model.

    Parameters
    ----------
    messages : sequence of (str, str)
        Role and text.
    schema : dict
        JSON Schema that decoding is kept to.
    temperature : float
    seed : int
    num_predict : int
        Most tokens the model may write.
    log_probabilities : bool
        Whether those of the tokens are wanted; a server that knows none gives none.
    """

    messages: Sequence[Message]
    schema: dict[str, Any]
    temperature: float
    seed: int
    num_predict: int
    log_probabilities: bool = False


class LanguageModel(Protocol):
    """A model that can be asked."""

    @property
    def identity(self) -> Identity:
        """Which model it is."""

    def ask(self, request: Request, seconds: float) -> Answer:
        """Return what the model wrote within some seconds, whatever happens to it."""


def read_token(entry: object) -> Token | None:
    """Read a token with its alternatives, as Ollama and llama.cpp both write them.

    Returns
    -------
    Token or None
        None if it is not of the documented shape.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("token"), str):
        return None
    listed = entry.get("top_logprobs")
    return Token(
        entry["token"],
        tuple(
            (other["token"], float(other["logprob"]))
            for other in (listed if isinstance(listed, list) else [])
            if isinstance(other, dict)
            and isinstance(other.get("token"), str)
            and isinstance(other.get("logprob"), int | float)
            and math.isfinite(other["logprob"])
        ),
    )
