"""Asking a language model for the decision (paper, sections 2.3 and 2.4)."""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from metallmix_kedro.explanation.choice import orders_of, tally
from metallmix_kedro.explanation.claims import (
    DEFINITIONS,
    Offered,
    claims_schema,
    offered,
    parse_claims,
)
from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.free_choice import free_schema, grid_rows, parse_free
from metallmix_kedro.explanation.prompt import DecisionPrompts
from metallmix_kedro.explanation.reply import LLMReply
from metallmix_kedro.language_models import (
    LETTERS,
    Ballot,
    Conversation,
    Exchange,
    LLMParameters,
    LLMUnavailableError,
    ballot_schema,
    connect,
    letter_probabilities,
    read_vote,
)
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
        With ``provider`` ollama or embedded, if there is no such server or model, or it answered
        nothing at all.
    ArtifactError
        If the prompt's texts cannot be filled.
    """
    try:
        conversation = Conversation(connect(parameters), parameters)
    except LLMUnavailableError as error:
        if parameters.provider in ("ollama", "embedded"):
            raise
        return LLMReply(
            provider_used="none",
            mode=parameters.mode,
            prompt_sha256=prompts.sha256,
            error=str(error),
        )
    reply = _asked(_Talk(conversation, evidence, prompts, parameters), space, show_scores)
    if parameters.provider in ("ollama", "embedded") and reply.unanswered:
        raise LLMUnavailableError(f"{reply.model} was asked, but did not answer: {reply.error}.")
    return reply


def _asked(talk: "_Talk", space: SearchSpace, show_scores: bool) -> LLMReply:
    evidence, parameters = talk.evidence, talk.parameters
    if parameters.mode == "free":
        return talk.recorded((), talk.compose(space), None)
    candidates = [one for one in evidence.candidates if one.configuration in space]
    ballots, lost = talk.vote(orders_of(candidates, parameters), show_scores)
    if lost is not None or not candidates:
        return talk.recorded(ballots, lost, None)
    choice = tally(candidates, ballots, parameters)
    chosen = choice.chosen if choice.counts and choice.chosen else candidates[0].ref
    return talk.recorded(ballots, talk.explain(chosen, show_scores), chosen)


def explanation_schema(may_cite: Offered) -> dict[str, Any]:
    """Return the JSON Schema of an explanation: claims that hold."""
    return {
        "type": "object",
        "properties": {"explanation": claims_schema(may_cite)},
        "required": ["explanation"],
        "$defs": DEFINITIONS,
    }


@dataclass(frozen=True)
class _Talk:
    """What is asked of one model about one evidence."""

    conversation: Conversation
    evidence: Evidence
    prompts: DecisionPrompts
    parameters: LLMParameters

    def vote(
        self, orders: list[tuple[str, ...]], show_scores: bool
    ) -> tuple[tuple[Ballot, ...], Exchange | None]:
        """Ask under every order; stop where the model is lost, and say so by its last exchange."""
        ballots: list[Ballot] = []
        for order in orders:
            options = list(zip(LETTERS, map(self.evidence.candidate, order), strict=False))
            exchange = self.conversation.exchange(
                self.prompts.messages(
                    "choose", self.evidence, options=options, show_scores=show_scores
                ),
                ballot_schema(len(order)),
                partial(read_vote, order=order),
                VOTE_TOKENS,
                log_probabilities=True,
            )
            ballots.append(_ballot(order, exchange))
            if exchange.lost:
                return tuple(ballots), exchange
        return tuple(ballots), None

    def explain(self, chosen: str, show_scores: bool) -> Exchange:
        """Have a candidate explained."""
        may_cite = offered(self.evidence, [chosen])
        return self.conversation.exchange(
            self.prompts.messages(
                "explain",
                self.evidence,
                chosen=self.evidence.candidate(chosen),
                may_cite=may_cite,
                show_scores=show_scores,
            ),
            explanation_schema(may_cite),
            parse_claims,
            self.parameters.num_predict,
            temperature=self.parameters.explanation_temperature,
        )

    def compose(self, space: SearchSpace) -> Exchange:
        """Have a configuration composed and explained."""
        may_cite = offered(self.evidence, [one.ref for one in self.evidence.candidates])
        return self.conversation.exchange(
            self.prompts.messages("free", self.evidence, grid=grid_rows(space), may_cite=may_cite),
            free_schema(space, may_cite),
            partial(parse_free, space=space),
            self.parameters.num_predict,
        )

    def recorded(
        self, ballots: tuple[Ballot, ...], last: Exchange | None, explained: str | None
    ) -> LLMReply:
        """Return all that was answered, with what is needed to know where it came from."""
        identity = self.conversation.model.identity
        said: dict[str, Any] = {}
        if last is not None:
            said = {"raw": last.answer.text, "thinking": last.answer.thinking, "error": last.error}
            said["attempts"] = last.attempts
        return LLMReply(
            provider_used=identity.provider,
            mode=self.parameters.mode,
            model=identity.name,
            digest=identity.digest,
            quantisation=identity.quantisation,
            server_version=identity.version,
            temperature=self.parameters.temperature,
            seed=self.parameters.seed,
            prompt_sha256=self.prompts.sha256,
            ballots=ballots,
            explained_ref=explained,
            response_time_s=round(self.conversation.seconds, 3),
            **said,
            **asdict(self.conversation.costs),
        )


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
        **asdict(exchange.costs),
    )
