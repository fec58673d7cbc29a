"""What a language model replied, and the decision that stands after it was checked."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.explanation.choice import Choice, combine
from metallmix_kedro.explanation.claims import Check, Claim, explain, is_complete, parse_claims
from metallmix_kedro.explanation.evidence import Candidate, Evidence
from metallmix_kedro.explanation.explanation import explain_from_attributions
from metallmix_kedro.explanation.free_choice import parse_free
from metallmix_kedro.language_models import (
    Ballot,
    LLMParameters,
    ModelText,
    ProviderUsed,
    UnusableReplyError,
)
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support import ArtifactError

DecidedBy = Literal["llm", "surrogate"]
"""The language model, the surrogate, or, for a target unlike any other, what is best on average."""


class LLMReply(BaseModel):
    """What a language model replied, and all that is needed to know where it came from.

    ``adapter`` is the SHA-256 of a LoRA adapter on top of the model. ``weight`` is that of its
    vote, ``weight_why`` says where it comes from; ``ballots`` are the votes, one an order of the
    candidates, none where the vote has no weight. ``raw``, ``thinking``, ``error`` and
    ``attempts`` are those of the last reply: the explanation of ``explained_ref``, in mode
    ``free`` also the configuration. Without a model ``error`` says why there is none. Token counts
    and seconds are sums over everything that was asked; ``response_time_s`` is the time that was
    waited, ``prefill_s`` and ``decoding_s`` are what the model measured of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[3] = 3
    provider_used: ProviderUsed
    mode: Literal["short_list", "free"] = "short_list"
    model: str | None = None
    digest: str | None = None
    quantisation: str | None = None
    adapter: str | None = None
    server_version: str | None = None
    temperature: float | None = None
    seed: int | None = None
    prompt_sha256: str
    weight: float = 0.0
    weight_why: str = ""
    ballots: tuple[Ballot, ...] = ()
    explained_ref: str | None = None
    raw: ModelText | None = None
    thinking: ModelText | None = None
    error: ModelText | None = None
    attempts: int = 0
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    prefill_s: float | None = None
    decoding_s: float | None = None
    response_time_s: float | None = None

    @property
    def unanswered(self) -> bool:
        """Whether a model was asked and nothing at all came back but an error."""
        said = self.raw or any(ballot.raw for ballot in self.ballots)
        return self.provider_used != "none" and self.error is not None and not said

    def without_times(self) -> "LLMReply":
        """Return the same reply without what differs between two runs with the same answer."""
        return self.model_copy(update=dict.fromkeys(("prefill_s", "decoding_s", "response_time_s")))


class Decision(BaseModel):
    """Which candidate is recommended, who decided, and the explanation that survived.

    ``choice`` tells what the vote came to, missing where none was asked for. ``checks`` are
    those of the claims the language model wrote, also of those that were refused; without any,
    those of the explanation that is shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    chosen_ref: str
    decided_by: DecidedBy
    reason: str
    choice: Choice | None
    explanation: str
    explanation_by: Literal["llm", "attributions"]
    checks: tuple[Check, ...]


def decide(
    evidence: Evidence, reply: LLMReply, search_space: SearchSpace, parameters: LLMParameters
) -> Decision:
    """Turn a reply into the decision that stands (paper, section 2.4).

    The vote, as far as it has weight, is combined with what the surrogate predicts (`choice`). With
    whatever else came back, or nothing, the first candidate, the surrogate's, stands and ``reason``
    says why. In mode ``free`` a configuration of the space decides.

    A claim that does not hold of the candidate is left out of the explanation; if fewer than
    ``min_kept_share`` of the claims are left, or they no longer tell a prediction, a SHAP
    contribution and a past trial, the explanation is made from the attributions.

    Parameters
    ----------
    evidence : Evidence
        At least one candidate of it lies in `search_space`; in mode ``free`` also the one that
        the model composed (`free_choice.with_free_choice`).
    reply : LLMReply
    search_space : SearchSpace
        What may be recommended; a candidate outside it is never chosen.
    parameters : LLMParameters

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
    chosen, reason, choice = _outcome(evidence, reply, allowed, search_space)
    ref = chosen or allowed[0].ref
    written = explain(_written(reply, ref, composed=chosen is not None), evidence, ref)
    kept = written.share >= parameters.min_kept_share
    own = kept and bool(written.text) and is_complete(written, evidence, ref)
    made = written if own else explain_from_attributions(evidence, ref)
    return Decision(
        chosen_ref=ref,
        decided_by="llm" if chosen else "surrogate",
        reason=reason,
        choice=choice,
        explanation=made.text,
        explanation_by="llm" if own else "attributions",
        checks=written.checks or made.checks,
    )


class _Outcome(NamedTuple):
    """What the model chose, None where what stands without one does; and why."""

    chosen: str | None
    reason: str
    choice: Choice | None = None


def _outcome(
    evidence: Evidence,
    reply: LLMReply,
    allowed: Sequence[Candidate],
    search_space: SearchSpace,
) -> _Outcome:
    model = reply.model or "the language model"
    # It stands inside a sentence.
    failed = (reply.error or "no usable reply was received").removesuffix(".")
    if reply.provider_used == "none":
        return _Outcome(None, failed)
    if reply.mode == "short_list":
        return _voted(reply, model, failed, allowed)
    composed = read_free_choice(reply, search_space)
    for one in evidence.candidates:
        if one.configuration == composed:
            reason = f"{model} composed {one.ref} out of {search_space.size} configurations"
            return _Outcome(one.ref, reason)
    # What was composed but not scored lies beyond the user's limits.
    beyond = "it is predicted to train too long, or was tried on the target already"
    why = failed if composed is None else beyond
    return _Outcome(None, f"the free choice of {model} cannot be used: {why}")


def _voted(reply: LLMReply, model: str, failed: str, allowed: Sequence[Candidate]) -> _Outcome:
    """Let the vote, where there is one, be combined with the predictions."""
    lost = f"; {reply.error}" if reply.error else ""
    if reply.unanswered and not reply.ballots:
        return _Outcome(None, f"{model} was asked, but did not answer: {failed}")
    if not reply.ballots:
        why = reply.weight_why or "there was nothing to choose"
        return _Outcome(None, f"{model} was not asked to choose: {why}{lost}")
    choice = combine(allowed, reply.ballots, reply.weight)
    if choice.preferred is None:
        why = (
            f"{model} was asked, but answered {choice.n_answered} of {choice.n_orders} orders of "
            f"the candidates, so that its vote does not count{lost}"
        )
        return _Outcome(None, why, choice)
    read = (
        "heard by the probabilities of letters"
        if choice.method == "probabilities"
        else "by one sampled letter an order, since the server tells no probabilities"
    )
    told = (
        f"{choice.preferred} with a share of {choice.support[choice.preferred]:.2f} over "
        f"{choice.n_orders} orders (consistency {choice.consistency:.2f}), {read}, weight "
        f"{choice.weight:g}"
    )
    first = allowed[0].ref
    if choice.chosen == first:
        why = f"{model} was asked, but {first} stands before and after its vote: {told}"
        return _Outcome(None, why, choice)
    return _Outcome(choice.chosen, f"{model} preferred {told}", choice)


def read_free_choice(reply: LLMReply, space: SearchSpace) -> Configuration | None:
    """Return the configuration that a model composed in mode ``free``, if it can be used."""
    if reply.mode != "free" or reply.error is not None or reply.raw is None:
        return None
    try:
        return parse_free(reply.raw, space)
    except UnusableReplyError:
        return None


def _written(reply: LLMReply, chosen: str, composed: bool) -> list[Claim]:
    """Return the model's claims of what was chosen, none if there are none that can be read."""
    explains = composed if reply.mode == "free" else reply.explained_ref == chosen
    if not explains or reply.error is not None or reply.raw is None:
        return []
    try:
        return parse_claims(reply.raw)
    except UnusableReplyError:
        return []
