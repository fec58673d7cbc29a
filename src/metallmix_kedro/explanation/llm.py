"""Asking a language model for the decision (paper, sections 2.3 and 2.4)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from metallmix_kedro.explanation.choice import combine
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
    Heard,
    LLMParameters,
    LLMUnavailableError,
    VoteWeight,
    ballot_schema,
    connect,
    cyclic_orders,
    heard,
    letter_log_probabilities,
    read_letter,
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
    weights: Iterable[VoteWeight] = (),
    show_scores: bool = True,
) -> LLMReply:
    """Ask the language model to choose and to explain the choice.

    In mode ``short_list`` the choice is asked under all cyclic orders of the candidates
    (`ballots`), unless the model's vote has no weight; then an explanation of what stands. In mode
    ``free`` one reply holds a configuration of the whole space and its explanation.

    Parameters
    ----------
    evidence : Evidence
        What the model is shown.
    prompts : DecisionPrompts
    parameters : LLMParameters
    space : SearchSpace
        What may be recommended.
    weights : iterable of VoteWeight
        What votes of models were measured to be worth.
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
        With a ``provider`` that is named, if there is no such server or model, or it answered
        nothing at all.
    ArtifactError
        If the prompt's texts cannot be filled.
    """
    try:
        conversation = Conversation(connect(parameters), parameters)
    except LLMUnavailableError as error:
        if parameters.provider not in ("auto", "none"):
            raise
        return LLMReply(
            provider_used="none",
            mode=parameters.mode,
            prompt_sha256=prompts.sha256,
            error=str(error),
        )
    identity = conversation.model.identity
    weight = heard(identity, prompts.sha256, evidence.objective, parameters.vote_weight, weights)
    talk = _Talk(conversation, evidence, prompts, parameters, weight)
    reply = _asked(talk, space, show_scores)
    if parameters.provider not in ("auto", "none") and reply.unanswered:
        raise LLMUnavailableError(f"{reply.model} was asked, but did not answer: {reply.error}.")
    return reply


def _asked(talk: "_Talk", space: SearchSpace, show_scores: bool) -> LLMReply:
    evidence, parameters = talk.evidence, talk.parameters
    if parameters.mode == "free":
        return talk.recorded((), talk.compose(space), None)
    candidates = [one for one in evidence.candidates if one.configuration in space]
    ballots, lost = talk.vote([one.ref for one in candidates], show_scores)
    if lost is not None or not candidates:
        return talk.recorded(ballots, lost, None)
    chosen = combine(candidates, ballots, talk.weight.weight).chosen
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
    weight: Heard

    def vote(
        self, refs: list[str], show_scores: bool
    ) -> tuple[tuple[Ballot, ...], Exchange | None]:
        """Ask under every order, and with the contents blanked where probabilities are told.

        Where the model is lost nothing more is asked, and its last exchange says so.
        """
        ballots: list[Ballot] = []
        orders = cyclic_orders(refs) if self.weight.weight and len(refs) > 1 else []
        for order in [*orders, ()] if orders else []:
            if not order and not all(one.log_probabilities for one in ballots):
                break
            shown = map(self.evidence.candidate, order) if order else [None] * len(refs)
            options = list(zip(LETTERS, shown, strict=False))
            exchange = self.conversation.exchange(
                self.prompts.messages(
                    "choose", self.evidence, options=options, show_scores=show_scores
                ),
                ballot_schema(len(refs)),
                partial(read_letter, n_options=len(refs)),
                VOTE_TOKENS,
                log_probabilities=True,
            )
            ballots.append(_ballot(order, exchange, len(refs)))
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
            weight=self.weight.weight,
            weight_why=self.weight.why,
            ballots=ballots,
            explained_ref=explained,
            response_time_s=round(self.conversation.seconds, 3),
            **said,
            **asdict(self.conversation.costs),
        )


def _ballot(order: tuple[str, ...], exchange: Exchange, n_options: int) -> Ballot:
    answer = exchange.answer
    written = None if exchange.error else read_letter(answer.text, n_options)
    return Ballot(
        order=order,
        choice=written,
        log_probabilities=written and letter_log_probabilities(answer.tokens, n_options),
        raw=answer.text,
        thinking=answer.thinking,
        error=exchange.error,
        attempts=exchange.attempts,
    )
