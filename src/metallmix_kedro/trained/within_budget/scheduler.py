"""Which trial comes next: of what there is time for, the one that promises most.

As in Quick-Tune (Arango et al., "Quick-Tune: Quickly Learning Which Pretrained Model to Finetune
and How", ICLR 2024), what a trial may gain is weighed against what it costs. But the gains of a
second do not add up: of many heads that are much alike the best is hardly better than any. So the
rest of the time is planned whole: filled with trials, each time the one that raises the expected
best most a second, or spent on the one trial with the largest expected gain, whichever promises
more (Khuller, Moss and Naor, "The budgeted maximum coverage problem", 1999, whose bound holds for
whatever has diminishing returns, as an expected maximum has). Of the plan the trial with the
largest gain comes first: it tells most, and later there might be no time for it.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.surrogate import Outlook
from metallmix_kedro.trained.within_budget.pace import MeasuredPace

_PROMISING = 40
"""Trials to plan with: so many of the largest gain, and as many of the largest a second."""
_DRAWS = 500

Scores = Mapping[int, float | None]
"""Validation scores so far, in [0, 1], by place; None for a failed trial."""
Foresee = Callable[[Mapping[int, float]], Outlook]
"""From what was measured to what is to be expected of all configurations."""


def leading(scores: Scores) -> int | None:
    """Return the best measured; of equals, the one measured first."""
    known = measured(scores)
    return max(known, key=lambda place: known[place], default=None)


def measured(scores: Scores) -> dict[int, float]:
    """Leave out the trials that failed."""
    return {place: score for place, score in scores.items() if score is not None}


def next_trial(
    places: Sequence[int],
    scores: Scores,
    foresee: Foresee,
    pace: MeasuredPace,
    left_s: float,
    seed: int,
    worth: float = 0.0,
) -> int | None:
    """Choose the next trial.

    None is left to choose where no further one leaves time to train the winner.

    Parameters
    ----------
    places : sequence of int
        The configurations that may be tried.
    scores : mapping
        Of the trials so far.
    foresee : callable
        Gives what is to be expected after them.
    pace : MeasuredPace
    left_s : float
        Seconds that are left.
    seed : int
        Seed of the draws from what is expected.
    worth : float
        None is chosen where all the time is not expected to raise the best relative score as much.
    """
    leader = leading(scores)
    reserved_s = 0.0 if leader is None else pace.finish(leader)
    fresh = [place for place in places if place not in scores]
    if leader is None:  # heads tell how fast this machine is, and soon there is something to train
        fresh = [place for place in fresh if pace.is_cheap(place)] or fresh
    costs = {place: pace.trial(place) for place in fresh}
    fresh = [
        place
        for place in fresh
        if costs[place] + max(pace.finish_at_least(place), reserved_s) <= left_s
    ]
    if not fresh:
        return None
    outlook, seconds = foresee(measured(scores)), np.array([costs[place] for place in fresh])
    if leader is None:
        gains = outlook.mean[fresh] - outlook.mean.mean()
        return int(fresh[int(np.argmax(gains / seconds))])
    best = max(measured(scores), key=lambda place: outlook.mean[place])
    gains = outlook.expected_gain(best)[fresh]
    some = sorted({*np.argsort(-gains)[:_PROMISING], *np.argsort(-gains / seconds)[:_PROMISING]})
    drawn = outlook.draws([best, *(fresh[i] for i in some)], _DRAWS, seed)
    leads = np.maximum(drawn[:, 1:] - drawn[:, :1], 0.0)
    first, gain = _begin_with(leads, seconds[some], left_s - reserved_s)
    return int(fresh[some[first]]) if gain >= worth else None


def _begin_with(
    leads: NDArray[np.float64], seconds: NDArray[np.float64], spare_s: float
) -> tuple[int, float]:
    """Plan the rest of the time; return the trial of it that promises most, and what all promise.

    ``leads`` are draws of how far each is ahead of the best so far, shape (n_draws, n).
    """
    plan: list[int] = []
    reached = np.zeros(len(leads))
    while True:
        gains = np.maximum(leads - reached[:, None], 0.0).mean(axis=0)
        fits = (seconds <= spare_s) & (gains > 0)
        if not fits.any():
            break
        plan.append(int(np.argmax(np.where(fits, gains / seconds, -1.0))))
        reached = np.maximum(reached, leads[:, plan[-1]])
        spare_s -= seconds[plan[-1]]
    each, together = leads.mean(axis=0), float(reached.mean())
    alone = int(np.argmax(each))
    if not plan or each[alone] > together:
        return alone, float(each[alone])
    return max(plan, key=lambda one: float(each[one])), together
