"""Asking a language model for the decision (paper, sections 2.3 and 2.4)."""

import time
from typing import Any

from metallmix_kedro.recommendation.evidence import Evidence
from metallmix_kedro.recommendation.llm_parameters import LLMParameters
from metallmix_kedro.recommendation.ollama_server import (
    LLMUnavailableError,
    ServedModel,
    find_model,
)
from metallmix_kedro.recommendation.prompt import PromptTexts
from metallmix_kedro.recommendation.reply import LLMReply, UnusableReplyError, parse_reply

__all__ = ["LLMUnavailableError", "ask", "reply_schema"]


def ask(evidence: Evidence, prompts: PromptTexts, parameters: LLMParameters) -> LLMReply:
    """Ask the language model to choose a candidate and to explain the choice.

    Parameters
    ----------
    evidence : Evidence
        What it is shown; its candidates are the closed list it chooses from.
    prompts : PromptTexts
    parameters : LLMParameters

    Returns
    -------
    LLMReply
        With ``error`` where there is no usable reply: no server, no such model, a server that
        hangs or breaks off, replies that stay invalid. It is then the surrogate that decides.

    Raises
    ------
    LLMUnavailableError
        With ``provider: ollama``, if no server answers or it has not the model.
    ArtifactError
        If the prompt's texts cannot be filled.
    """
    if parameters.provider == "none":
        return _without("no language model was asked (llm.provider is none)", prompts)
    try:
        served = find_model(parameters.model, parameters)
    except LLMUnavailableError as error:
        if parameters.provider == "ollama":
            raise
        return _without(str(error), prompts)
    return _converse(evidence, prompts, parameters, served)


def reply_schema(refs: list[str]) -> dict[str, Any]:
    """Return the JSON Schema of a reply: a choice among `refs`, and sentences that explain it.

    The choice comes first, so that it is whole even if the explanation is cut off; a list of
    sentences keeps a small model from never finding an end.
    """
    return {
        "type": "object",
        "properties": {
            "choice": {"type": "string", "enum": refs},
            "explanation": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 2,
                "maxItems": 6,
            },
        },
        "required": ["choice", "explanation"],
    }


def _without(reason: str, prompts: PromptTexts) -> LLMReply:
    return LLMReply(provider_used="none", prompt_sha256=prompts.sha256, error=reason)


def _converse(
    evidence: Evidence, prompts: PromptTexts, parameters: LLMParameters, served: ServedModel
) -> LLMReply:
    """Ask, and ask again with the error if the reply cannot be used, within the one time limit."""
    from metallmix_kedro.recommendation.ollama_chat import Answer, Message, chat

    refs = [candidate.ref for candidate in evidence.candidates]
    messages: list[Message] = [
        ("system", prompts.system),
        ("human", prompts.render(evidence=evidence)),
    ]
    start = time.monotonic()
    answers: list[Answer] = []
    error: str | None = None
    while len(answers) <= parameters.retries:
        left = parameters.timeout_s - (time.monotonic() - start)
        if left <= 0:
            break
        answer = chat(
            messages,
            reply_schema(refs),
            served.name,
            parameters,
            parameters.temperature,
            parameters.seed,
            left,
        )
        answers.append(answer)
        error = answer.error or _fault(answer.text, refs)
        if error is None:
            break
        messages = [*messages[:2], ("ai", answer.text), ("human", _again(error))]
    return LLMReply(
        provider_used="ollama",
        model=served.name,
        digest=served.digest,
        quantisation=served.quantisation,
        server_version=served.server_version,
        temperature=parameters.temperature,
        seed=parameters.seed,
        prompt_sha256=prompts.sha256,
        raw=answers[-1].text,
        error=error,
        attempts=len(answers),
        prompt_tokens=_sum([answer.prompt_tokens for answer in answers]),
        reply_tokens=_sum([answer.reply_tokens for answer in answers]),
        response_time_s=round(time.monotonic() - start, 3),
    )


def _fault(text: str, refs: list[str]) -> str | None:
    try:
        parse_reply(text, refs)
    except UnusableReplyError as error:
        return str(error)
    return None


def _again(error: str) -> str:
    return f"That reply cannot be used: {error}. Reply again, as one JSON object in the format."


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
