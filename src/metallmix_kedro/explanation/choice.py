"""From ballots to a vote without places, and from the vote to a choice."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.explanation.evidence import Candidate
from metallmix_kedro.language_models import LETTERS, Ballot, cyclic_orders

DECIMALS = 4

Method = Literal["probabilities", "sampled"]


class Choice(BaseModel):
    """What the vote came to.

    ``support`` is the vote: a share of each candidate, together 1. ``method`` says what it was read
    from: the ``probabilities`` of letters, or, where the server gives none, one ``sampled`` letter
    an order; ``calibrated`` whether what the model says to the same list with its contents blanked
    was taken out. ``consistency`` is the share of orders in which ``preferred`` comes out first;
    1 over the number of candidates is what places alone give. ``combined`` is the predicted
    relative score, at most that of the first candidate, plus ``weight`` times the support;
    ``chosen`` has the highest. Support and what follows from it are missing where an order was not
    answered, since then places do not cancel out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float
    method: Method | None = None
    calibrated: bool = False
    support: dict[str, float] = {}
    preferred: str | None = None
    consistency: float | None = None
    combined: dict[str, float] = {}
    chosen: str
    n_orders: int
    n_answered: int


def combine(candidates: Sequence[Candidate], ballots: Sequence[Ballot], weight: float) -> Choice:
    """Combine the vote with what the surrogate predicts.

    The weight is the guard: whatever a model votes, the prediction for what is chosen is at most
    `weight` below that of the first candidate, which stands where nothing speaks against it.

    Parameters
    ----------
    candidates : sequence of Candidate
        Those that may be recommended, the one that stands without a model first; at least one.
    ballots : sequence of Ballot
        Some orders may not have been asked, for want of time or of a server.
    weight : float
        Predicted relative score that a unanimous vote makes up for.
    """
    refs = [one.ref for one in candidates]
    orders = set(cyclic_orders(refs))
    answered = [one for one in ballots if one.order in orders and _is_answer(one)]
    if not ballots or {one.order for one in answered} != orders:
        return Choice(weight=weight, chosen=refs[0], n_orders=len(orders), n_answered=len(answered))
    blank = next((one.log_probabilities for one in ballots if not one.order), None)
    method: Method = "probabilities" if all(b.log_probabilities for b in answered) else "sampled"
    calibration = blank if method == "probabilities" else None
    shares = [_shares(one, method, calibration) for one in answered]
    support = {ref: round(fmean(one[ref] for one in shares), DECIMALS) for ref in refs}
    preferred = _highest(support)
    predicted = [one.relative_score for one in candidates]
    combined = dict(zip(refs, weighed(predicted, [*support.values()], weight), strict=True))
    return Choice(
        weight=weight,
        method=method,
        calibrated=calibration is not None,
        support=support,
        preferred=preferred,
        consistency=round(fmean(_highest(one) == preferred for one in shares), DECIMALS),
        combined=combined,
        chosen=_highest(combined),
        n_orders=len(orders),
        n_answered=len(answered),
    )


def weighed(predicted: Sequence[float], support: Sequence[float], weight: float) -> list[float]:
    """Add the weighted vote to predicted relative scores, none of them above the first.

    Examples
    --------
    >>> weighed([0.9, 0.88, 0.95], [0.1, 0.7, 0.2], 0.05)
    [0.905, 0.915, 0.91]
    """
    return [
        round(min(one, predicted[0]) + weight * share, DECIMALS)
        for one, share in zip(predicted, support, strict=True)
    ]


def _is_answer(ballot: Ballot) -> bool:
    return ballot.choice is not None and ballot.choice in LETTERS[: len(ballot.order)]


def _shares(ballot: Ballot, method: Method, blank: Sequence[float] | None) -> dict[str, float]:
    """Return what one order gives each candidate, together 1.

    What a model says to the blanked list is divided out (contextual calibration; Zhao et al.,
    2021), before the mean over orders: of logarithms, the mean would be the same without.
    """
    if method == "sampled" or ballot.log_probabilities is None:
        chosen = LETTERS.index(ballot.choice or "A")
        return {ref: float(place == chosen) for place, ref in enumerate(ballot.order)}
    prior = blank or [0.0] * len(ballot.order)
    logs = [said - bias for said, bias in zip(ballot.log_probabilities, prior, strict=True)]
    odds = [math.exp(one - max(logs)) for one in logs]
    return {ref: one / sum(odds) for ref, one in zip(ballot.order, odds, strict=True)}


def _highest(shares: Mapping[str, float]) -> str:
    """Return the first of those with the highest share."""
    return max(shares, key=lambda ref: shares[ref])
