"""What a language model replied, and the decision that stands after it was checked."""

import json
import re
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from metallmix_kedro.errors import ArtifactError
from metallmix_kedro.recommendation.checks import Check, check_explanation, keep_supported
from metallmix_kedro.recommendation.evidence import Candidate, Evidence
from metallmix_kedro.recommendation.explanation import explain_from_attributions
from metallmix_kedro.search_space import SearchSpace

MAX_REPLY_CHARS = 100_000
"""A longer reply is not read at all."""
MAX_EXPLANATION_CHARS = 4_000
"""What stands beyond is cut off before the explanation is checked."""

_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE_START = re.compile(r"\A```[\w-]*")


def _storable(text: str) -> str:
    """Replace half characters, which JSON can escape but no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


ModelText = Annotated[str, AfterValidator(_storable)]
"""Text from a model or server, made such that it can be stored."""


class LLMReply(BaseModel):
    """A language model's reply and all that is needed to know where it came from.

    ``raw`` is the text of the last attempt and ``error`` says why there is no usable reply (then
    the surrogate decides); token counts and ``response_time_s`` (seconds) are sums over attempts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    provider_used: Literal["ollama", "none"]
    model: str | None = None
    digest: str | None = None
    quantisation: str | None = None
    server_version: str | None = None
    temperature: float | None = None
    seed: int | None = None
    prompt_sha256: str
    raw: ModelText | None = None
    error: ModelText | None = None
    attempts: int = 0
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    response_time_s: float | None = None


class ParsedReply(BaseModel):
    """The two things a reply has to say."""

    model_config = ConfigDict(frozen=True)

    choice: str
    explanation: ModelText


class Decision(BaseModel):
    """Which candidate is recommended, who decided, and the explanation that survived.

    ``checks`` are those of the explanation the language model wrote, also of the sentences that
    were removed from it; without one, those of the explanation that is shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    chosen_ref: str
    decided_by: Literal["llm", "surrogate"]
    reason: str
    explanation: str
    explanation_by: Literal["llm", "attributions"]
    checks: tuple[Check, ...]


class UnusableReplyError(ValueError):
    """A reply that holds no valid choice; the message can be told to the model."""


def parse_reply(raw: str, refs: Collection[str]) -> ParsedReply:
    """Read choice and explanation out of a model's text.

    Thinking in tags and a code fence around the answer are dropped; nothing else is guessed.

    Parameters
    ----------
    raw : str
        ``{"choice": "C2", "explanation": "..."}``; the explanation may be a list of sentences.
    refs : collection of str
        The candidates that may be chosen.

    Raises
    ------
    UnusableReplyError
        If the text is not such an object or the choice is not among `refs`.
    """
    answer = load_object(raw)
    choice, explanation = answer.get("choice"), answer.get("explanation")
    if not isinstance(choice, str) or choice not in refs:
        raise UnusableReplyError(
            f"'choice' is {_short(choice)}; it has to be one of {', '.join(refs)}"
        )
    if isinstance(explanation, list) and all(isinstance(part, str) for part in explanation):
        explanation = "\n".join(explanation)
    if not isinstance(explanation, str):
        raise UnusableReplyError("'explanation' is not a text")
    return ParsedReply(choice=choice, explanation=explanation[:MAX_EXPLANATION_CHARS])


def load_object(raw: str) -> dict[str, object]:
    """Read the one JSON object of a model's text, without thinking tags and code fence.

    Raises
    ------
    UnusableReplyError
        If there is none.
    """
    if len(raw) > MAX_REPLY_CHARS:
        raise UnusableReplyError(f"the reply is longer than {MAX_REPLY_CHARS} characters")
    text = _THINKING.sub("", raw).strip()
    if text.startswith("```") and text.endswith("```"):
        text = _FENCE_START.sub("", text).removesuffix("```")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableReplyError(f"the reply is not valid JSON ({_short(error)})") from error
    if not isinstance(answer, dict):
        raise UnusableReplyError("the reply is not a JSON object")
    return answer


def decide(
    evidence: Evidence, reply: LLMReply, search_space: SearchSpace, min_kept_share: float = 0.5
) -> Decision:
    """Turn a reply into the decision that stands (paper, section 2.4).

    A usable reply decides among the candidates. Whatever else came back, or nothing, the
    surrogate's first candidate stands and ``reason`` says why. A sentence of the explanation that
    the evidence does not support is removed; if fewer than `min_kept_share` of the sentences are
    left, or none of them says anything that the evidence supports, the explanation is made from
    the attributions.

    Parameters
    ----------
    evidence : Evidence
        At least one candidate of it lies in `search_space`.
    reply : LLMReply
    search_space : SearchSpace
        What may be recommended; a candidate outside it is never chosen.
    min_kept_share : float
        In [0, 1].

    Raises
    ------
    ArtifactError
        If no candidate of the evidence lies in the search space.
    """
    allowed = [c for c in evidence.candidates if c.configuration in search_space]
    if not allowed:
        raise ArtifactError(
            "No candidate of the evidence lies in the search space (parameters 'search_space'); "
            "make the evidence anew."
        )
    if reply.error is not None or reply.raw is None:
        return _by_surrogate(evidence, allowed, reply.error or "no reply was received")
    try:
        parsed = parse_reply(reply.raw, [candidate.ref for candidate in allowed])
    except UnusableReplyError as error:
        return _by_surrogate(evidence, allowed, f"the model's reply cannot be used: {error}")
    return _by_llm(evidence, parsed, reply.model or "the language model", min_kept_share)


def _by_llm(evidence: Evidence, parsed: ParsedReply, model: str, min_kept_share: float) -> Decision:
    checks = check_explanation(parsed.explanation, evidence, parsed.choice)
    kept, share = keep_supported(parsed.explanation, checks)
    # A text that claims nothing checkable contradicts no evidence, but explains nothing either.
    grounded = any(check.supported and check.sentence in kept for check in checks)
    own = grounded and share >= min_kept_share
    return Decision(
        chosen_ref=parsed.choice,
        decided_by="llm",
        reason=f"{model} chose {parsed.choice} among {len(evidence.candidates)} candidates",
        explanation=kept if own else explain_from_attributions(evidence, parsed.choice),
        explanation_by="llm" if own else "attributions",
        checks=tuple(checks),
    )


def _by_surrogate(evidence: Evidence, allowed: list[Candidate], reason: str) -> Decision:
    first = allowed[0].ref
    explanation = explain_from_attributions(evidence, first)
    return Decision(
        chosen_ref=first,
        decided_by="surrogate",
        reason=reason,
        explanation=explanation,
        explanation_by="attributions",
        checks=tuple(check_explanation(explanation, evidence, first)),
    )


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
