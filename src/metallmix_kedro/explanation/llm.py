"""Asking a language model for the decision (paper, sections 2.3 and 2.4)."""

from typing import Any

from metallmix_kedro.explanation.choice import orders_of, tally
from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.free_choice import free_schema, grid_rows, parse_free
from metallmix_kedro.explanation.prompt import DecisionPrompts
from metallmix_kedro.explanation.references import sentence_pattern
from metallmix_kedro.explanation.reply import LLMReply, parse_explanation
from metallmix_kedro.language_models.ballots import (
    LETTERS,
    Ballot,
    ballot_schema,
    letter_probabilities,
    read_vote,
)
from metallmix_kedro.language_models.conversation import Conversation, Exchange
from metallmix_kedro.language_models.language_model import LLMUnavailableError
from metallmix_kedro.language_models.parameters import LLMParameters
from metallmix_kedro.language_models.providers import connect
from metallmix_kedro.search_space import SearchSpace

__all__ = ["LLMUnavailableError", "ask", "explanation_schema"]

VOTE_TOKENS = 32
"""Most tokens of a vote: one short JSON object."""


def ask(
    evidence: Evidence,
    prompts: DecisionPrompts,
    parameters: LLMParameters,
    space: SearchSpace,
    show_scores: bool = True,
) -> LLMReply:
    """Ask the language model to choose and to explain the choice.

    In mode ``short_list`` the choice is asked under several orders of the candidates
    (`ballots`), then an explanation of what stands: the model's choice if it survives reordering,
    else the surrogate's first candidate. In mode ``free`` one reply holds a configuration of the
    whole space and its explanation.

    Parameters
    ----------
    evidence : Evidence
        What the model is shown.
    prompts : DecisionPrompts
    parameters : LLMParameters
    space : SearchSpace
        What may be recommended.
    show_scores : bool
        Whether the model is shown what the surrogate predicts; for comparisons.

    Returns
    -------
    LLMReply
        With ``error`` where no model could be asked, or the last reply cannot be used. What was
        answered before a server died is kept.

    Raises
    ------
    LLMUnavailableError
        With ``provider`` ollama or embedded, if there is no such server or model.
    ArtifactError
        If the prompt's texts cannot be filled.
    """
    try:
        conversation = Conversation(connect(parameters), parameters)
    except LLMUnavailableError as error:
        if parameters.provider in ("ollama", "embedded"):
            raise
        return _without(str(error), prompts, parameters)
    if parameters.mode == "free":
        last = _ask_freely(conversation, evidence, prompts, parameters, space)
        return _record(conversation, prompts, parameters, (), last, None)
    candidates = [one for one in evidence.candidates if one.configuration in space]
    orders = orders_of(candidates, parameters)
    ballots, lost = _vote(conversation, evidence, prompts, orders, show_scores)
    if lost is not None or not candidates:
        return _record(conversation, prompts, parameters, ballots, lost, None)
    choice = tally(candidates, ballots, parameters)
    chosen = choice.chosen if choice.counts and choice.chosen else candidates[0].ref
    last = conversation.exchange(
        prompts.messages(
            "explain", evidence, chosen=evidence.candidate(chosen), show_scores=show_scores
        ),
        explanation_schema(evidence),
        parse_explanation,
        parameters.num_predict,
    )
    return _record(conversation, prompts, parameters, ballots, last, chosen)


def explanation_schema(evidence: Evidence) -> dict[str, Any]:
    """Return the JSON Schema of an explanation: sentences that cite the evidence by reference.

    A list of sentences keeps a small model from never finding an end; of more than four it
    repeats the last.
    """
    sentence = {"type": "string", "pattern": sentence_pattern(evidence)}
    return {
        "type": "object",
        "properties": {
            "explanation": {"type": "array", "items": sentence, "minItems": 2, "maxItems": 4}
        },
        "required": ["explanation"],
    }


def _vote(
    conversation: Conversation,
    evidence: Evidence,
    prompts: DecisionPrompts,
    orders: list[tuple[str, ...]],
    show_scores: bool,
) -> tuple[tuple[Ballot, ...], Exchange | None]:
    """Ask under every order; stop where the model is lost, and say so by its last exchange."""
    ballots: list[Ballot] = []
    for order in orders:
        options = list(zip(LETTERS, map(evidence.candidate, order), strict=False))
        exchange = conversation.exchange(
            prompts.messages("choose", evidence, options=options, show_scores=show_scores),
            ballot_schema(len(order)),
            lambda text, order=order: read_vote(text, order),  # type: ignore[misc]
            VOTE_TOKENS,
            log_probabilities=True,
        )
        ballots.append(_ballot(order, exchange))
        if exchange.lost:
            return tuple(ballots), exchange
    return tuple(ballots), None


def _ballot(order: tuple[str, ...], exchange: Exchange) -> Ballot:
    answer = exchange.answer
    choice = None if exchange.error else read_vote(answer.text, order)
    probabilities = letter_probabilities(answer.tokens, order) if choice else None
    if probabilities is not None:
        # Sampling above temperature 0 may write another letter than the one the model prefers.
        choice = max(order, key=lambda ref: probabilities[ref])
    return Ballot(
        order=order,
        choice=choice,
        probabilities=probabilities,
        raw=answer.text,
        thinking=answer.thinking,
        error=exchange.error,
        attempts=exchange.attempts,
        prompt_tokens=exchange.costs.prompt_tokens,
        reply_tokens=exchange.costs.reply_tokens,
        prefill_s=exchange.costs.prefill_s,
        decoding_s=exchange.costs.decoding_s,
    )


def _ask_freely(
    conversation: Conversation,
    evidence: Evidence,
    prompts: DecisionPrompts,
    parameters: LLMParameters,
    space: SearchSpace,
) -> Exchange:
    return conversation.exchange(
        prompts.messages("free", evidence, grid=grid_rows(space)),
        free_schema(space),
        lambda text: parse_free(text, space),
        parameters.num_predict,
    )


def _without(reason: str, prompts: DecisionPrompts, parameters: LLMParameters) -> LLMReply:
    return LLMReply(
        provider_used="none", mode=parameters.mode, prompt_sha256=prompts.sha256, error=reason
    )


def _record(
    conversation: Conversation,
    prompts: DecisionPrompts,
    parameters: LLMParameters,
    ballots: tuple[Ballot, ...],
    last: Exchange | None,
    explained: str | None,
) -> LLMReply:
    identity = conversation.model.identity
    costs = conversation.costs
    return LLMReply(
        provider_used=identity.provider,
        mode=parameters.mode,
        model=identity.name,
        digest=identity.digest,
        quantisation=identity.quantisation,
        server_version=identity.version,
        temperature=parameters.temperature,
        seed=parameters.seed,
        prompt_sha256=prompts.sha256,
        ballots=ballots,
        explained_ref=explained,
        raw=None if last is None else last.answer.text,
        thinking=None if last is None else last.answer.thinking,
        error=None if last is None else last.error,
        attempts=0 if last is None else last.attempts,
        prompt_tokens=costs.prompt_tokens,
        reply_tokens=costs.reply_tokens,
        prefill_s=costs.prefill_s,
        decoding_s=costs.decoding_s,
        response_time_s=round(conversation.seconds, 3),
    )
