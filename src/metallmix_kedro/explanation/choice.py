"""From ballots to a choice, or to the reason why it does not count."""

from collections.abc import Sequence
from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.explanation.evidence import Candidate
from metallmix_kedro.language_models import Ballot, LLMParameters, make_orders

SUPPORT_DECIMALS = 3


class Choice(BaseModel):
    """What came out of the ballots.

    ``on_ballot`` are the candidates the model could choose, ``left_out`` those too far below the
    first one by the surrogate's prediction (``max_gap``). ``support`` is the mean probability of
    each over the ballots, or its share of votes. ``consistency`` is the share of all orders in
    which the model chose ``chosen``; an order that was not answered counts against it. Where
    ``counts`` is false, the surrogate's first candidate stands.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    on_ballot: tuple[str, ...]
    left_out: tuple[str, ...]
    max_gap: float
    chosen: str | None
    method: Literal["log_probabilities", "votes"] | None
    support: dict[str, float]
    consistency: float | None
    n_orders: int
    n_answered: int
    counts: bool
    reason: str


def on_the_ballot(candidates: Sequence[Candidate], max_gap: float) -> list[Candidate]:
    """Return the candidates that a language model may choose.

    The guard of the decision: whatever a model answers, the surrogate's prediction for its choice
    is at most `max_gap` below the one for the surrogate's own.

    Parameters
    ----------
    candidates : sequence of Candidate
        The first is the surrogate's choice; at least one.
    max_gap : float
        Of relative scores.
    """
    least = candidates[0].relative_score - max_gap
    # Scores are rounded to four decimals; a difference of exactly max_gap is not below it.
    return [candidate for candidate in candidates if candidate.relative_score >= least - 1e-9]


def orders_of(candidates: Sequence[Candidate], parameters: LLMParameters) -> list[tuple[str, ...]]:
    """Return the orders under which the choice is asked; none where there is nothing to choose.

    Parameters
    ----------
    candidates : sequence of Candidate
        Those that may be recommended, the surrogate's choice first.
    parameters : LLMParameters
        ``max_gap``, ``n_orders`` and ``seed`` are used.
    """
    listed = on_the_ballot(candidates, parameters.max_gap) if candidates else []
    if len(listed) < 2:
        return []
    return make_orders([one.ref for one in listed], parameters.n_orders, parameters.seed)


def tally(
    candidates: Sequence[Candidate], ballots: Sequence[Ballot], parameters: LLMParameters
) -> Choice:
    """Count the ballots.

    Parameters
    ----------
    candidates : sequence of Candidate
        Those that may be recommended, the surrogate's choice first.
    ballots : sequence of Ballot
        Some orders may not have been asked, for want of time or of a server: they count as
        unanswered.
    parameters : LLMParameters
        With which they were asked.

    Returns
    -------
    Choice
    """
    listed = on_the_ballot(candidates, parameters.max_gap)
    refs = [candidate.ref for candidate in listed]
    n_orders = len(orders_of(candidates, parameters))
    answered = [ballot for ballot in ballots if ballot.choice in refs]
    method, support = _support(answered, refs)
    chosen = max(refs, key=lambda ref: support[ref]) if answered else None
    agreeing = sum(ballot.choice == chosen for ballot in answered)
    consistency = round(agreeing / n_orders, 4) if chosen and n_orders else None
    counts, reason = _verdict(
        len(listed), candidates[0].ref, chosen, consistency, n_orders, parameters
    )
    return Choice(
        on_ballot=tuple(refs),
        left_out=tuple(one.ref for one in candidates if one.ref not in refs),
        max_gap=parameters.max_gap,
        chosen=chosen,
        method=method,
        support=support,
        consistency=consistency,
        n_orders=n_orders,
        n_answered=len(answered),
        counts=counts,
        reason=reason,
    )


def _support(
    answered: Sequence[Ballot], refs: Sequence[str]
) -> tuple[Literal["log_probabilities", "votes"] | None, dict[str, float]]:
    if not answered:
        return None, dict.fromkeys(refs, 0.0)
    known = [ballot.probabilities for ballot in answered if ballot.probabilities is not None]
    if len(known) == len(answered):
        shares = {ref: fmean(one.get(ref, 0.0) for one in known) for ref in refs}
        return "log_probabilities", _rounded(shares)
    votes = {ref: fmean(float(one.choice == ref) for one in answered) for ref in refs}
    return "votes", _rounded(votes)


def _rounded(shares: dict[str, float]) -> dict[str, float]:
    return {ref: round(share, SUPPORT_DECIMALS) for ref, share in shares.items()}


def _verdict(
    n_listed: int,
    first: str,
    chosen: str | None,
    consistency: float | None,
    n_orders: int,
    parameters: LLMParameters,
) -> tuple[bool, str]:
    if n_listed == 1:
        return False, (
            f"no other candidate is predicted within {parameters.max_gap:g} of {first} in "
            "relative score (llm.max_gap), so there was nothing to choose"
        )
    if chosen is None or consistency is None:
        return False, "no ballot was answered"
    seen = f"{chosen} in {round(consistency * n_orders)} of {n_orders} orders"
    if consistency < parameters.min_consistency:
        return False, (
            f"the choice did not survive reordering the candidates ({seen}, consistency "
            f"{consistency:.2f} below {parameters.min_consistency:g})"
        )
    return True, f"chose {seen} of {n_listed} candidates"
