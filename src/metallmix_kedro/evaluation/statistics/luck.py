"""Regret without luck (``docs/evaluation_protocol.md``, section *Luck*)."""

from collections.abc import Sequence

import numpy as np

from metallmix_kedro.evaluation.protocols.replay import ReplayTable
from metallmix_kedro.history import luck_of_images

N_DRAWS = 1000


def below_best(table: ReplayTable, tried: Sequence[int]) -> float:
    """Say how far a choice stays below the best trial, neither of them favoured by luck.

    What is best, and what is kept of the trials tried, is chosen on one half of the test images and
    scored on the other; the mean of both ways round.

    Parameters
    ----------
    table : ReplayTable
        The recorded trials.
    tried : sequence of int
        Their positions; of several, the best is kept.

    Returns
    -------
    float
        Difference of accuracies; below 0 where the choice is better than what seemed best. NaN
        where the halves were not recorded.
    """
    halves = table.halves
    if np.isnan(halves).any():
        return np.nan
    gaps = []
    for seen in (0, 1):
        best = int(np.argmax(halves[:, seen]))
        kept = tried[int(np.argmax(halves[tried, seen]))]
        gaps.append(halves[best, 1 - seen] - halves[kept, 1 - seen])
    return float(np.mean(gaps))


def noise_floor(table: ReplayTable, seed_sd: float, seed: int) -> float:
    """Return the regret to be expected of somebody who knows what every trial is worth.

    The recorded scores, drawn towards their mean by the share of their variance that is noise, are
    taken for the truth; noise is added to them anew, and the truly best trial is compared with the
    best record.

    Parameters
    ----------
    table : ReplayTable
        The recorded trials.
    seed_sd : float
        Standard deviation over seeds; what is not known counts 0.
    seed : int
        Of the draws.

    Returns
    -------
    float
        Normalised regret in [0, 1]; NaN where the halves were not recorded. A lower bound: the
        differences among the best stay a little too large.
    """
    test_sd = luck_of_images(table.halves)
    if np.isnan(test_sd):
        return np.nan
    noise = float(np.hypot(test_sd, np.nan_to_num(seed_sd)))
    scores = table.scores
    kept = max(0.0, 1 - noise**2 / scores.var())
    worth = scores.mean() + kept * (scores - scores.mean())
    drawn = worth + np.random.default_rng(seed).normal(0, noise, (N_DRAWS, len(scores)))
    best, worst = drawn.max(axis=1), drawn.min(axis=1)
    return float(np.mean((best - drawn[:, int(np.argmax(worth))]) / (best - worst)))
