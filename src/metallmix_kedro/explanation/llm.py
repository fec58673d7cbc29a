"""Asking a language model for the decision (paper, sections 2.3 and 2.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from metallmix_kedro.explanation.choice import combine
from metallmix_kedro.explanation.claims import explanation_schema, offered, parse_claims
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
        model = connect(parameters)
    except LLMUnavailableError as error:
        if parameters.provider not in ("auto", "none"):
            raise
        return LLMReply(
            provider_used="none",
            mode=parameters.mode,
            prompt_sha256=prompts.sha256,
            error=str(error),
        )
    weight = heard(
        model.identity, prompts.sha256, evidence.objective, parameters.vote_weight, weights
    )
    conversation = Conversation(model, parameters, parameters.seed, parameters.retries)
    talk = _Talk(conversation, evidence, prompts, parameters, show_scores)
    if parameters.mode == "free":
        reply = talk.recorded(weight, (), talk.compose(space))
    else:
        reply = talk.choose(weight, space)
    if parameters.provider not in ("auto", "none") and reply.unanswered:
        raise LLMUnavailableError(f"{reply.model} was asked, but did not answer: {reply.error}.")
    return reply


@dataclass(frozen=True)
class _Talk:
    """What is asked of one model about one evidence."""

    conversation: Conversation
    evidence: Evidence
    prompts: DecisionPrompts
    parameters: LLMParameters
    show_scores: bool

    def choose(self, weight: Heard, space: SearchSpace) -> LLMReply:
        """Have the candidates voted on, and what stands explained.

        Where the model is lost nothing more is asked, and its last exchange says so.
        """
        allowed = [one for one in self.evidence.candidates if one.configuration in space]
        ballots: list[Ballot] = []
        last: Exchange | None = None
        orders = cyclic_orders([one.ref for one in allowed]) if weight.weight else []
        for order in [*orders, ()] if len(orders) > 1 else []:
            if not order and not all(one.log_probabilities for one in ballots):
                break
            ballot, last = self._ballot(order, len(allowed))
            ballots.append(ballot)
            if last.lost:
                return self.recorded(weight, ballots, last)
        if not allowed:
            return self.recorded(weight, ballots, None)
        chosen = combine(allowed, ballots, weight.weight).chosen
        return self.recorded(weight, ballots, self.explain(chosen), chosen)

    def _ballot(self, order: tuple[str, ...], n_options: int) -> tuple[Ballot, Exchange]:
        """Ask under an order; under none, with the contents of the list blanked."""
        shown = map(self.evidence.candidate, order) if order else [None] * n_options
        options = list(zip(LETTERS, shown, strict=False))
        exchange = self.conversation.exchange(
            self.prompts.messages(
                "choose", self.evidence, options=options, show_scores=self.show_scores
            ),
            ballot_schema(n_options),
            partial(read_letter, n_options=n_options),
            VOTE_TOKENS,
            self.parameters.temperature,
            log_probabilities=True,
        )
        answer = exchange.answer
        written = None if exchange.error else read_letter(answer.text, n_options)
        ballot = Ballot(
            order=order,
            choice=written,
            log_probabilities=written and letter_log_probabilities(answer.tokens, n_options),
            raw=answer.text,
            thinking=answer.thinking,
            error=exchange.error,
            attempts=exchange.attempts,
        )
        return ballot, exchange

    def explain(self, chosen: str) -> Exchange:
        """Have a candidate explained."""
        may_cite = offered(self.evidence, [chosen])
        return self.conversation.exchange(
            self.prompts.messages(
                "explain",
                self.evidence,
                chosen=self.evidence.candidate(chosen),
                may_cite=may_cite,
                show_scores=self.show_scores,
            ),
            explanation_schema(may_cite),
            parse_claims,
            self.parameters.num_predict,
            self.parameters.explanation_temperature,
        )

    def compose(self, space: SearchSpace) -> Exchange:
        """Have a configuration composed and explained."""
        may_cite = offered(self.evidence, [one.ref for one in self.evidence.candidates])
        return self.conversation.exchange(
            self.prompts.messages("free", self.evidence, grid=grid_rows(space), may_cite=may_cite),
            free_schema(space, may_cite),
            partial(parse_free, space=space),
            self.parameters.num_predict,
            self.parameters.temperature,
        )

    def recorded(
        self,
        weight: Heard,
        ballots: Sequence[Ballot],
        last: Exchange | None,
        explained: str | None = None,
    ) -> LLMReply:
        """Return all that was answered, with what is needed to know where it came from."""
        identity = self.conversation.model.identity
        return LLMReply(
            provider_used=identity.provider,
            mode=self.parameters.mode,
            model=identity.name,
            digest=identity.digest,
            quantisation=identity.quantisation,
            adapter=identity.adapter,
            server_version=identity.version,
            temperature=self.parameters.temperature,
            seed=self.parameters.seed,
            prompt_sha256=self.prompts.sha256,
            weight=weight.weight,
            weight_why=weight.why,
            ballots=tuple(ballots),
            explained_ref=explained,
            raw=last and last.answer.text,
            thinking=last and last.answer.thinking,
            error=last and last.error,
            attempts=last.attempts if last else 0,
            response_time_s=round(self.conversation.seconds, 3),
            **self.conversation.costs,
        )
