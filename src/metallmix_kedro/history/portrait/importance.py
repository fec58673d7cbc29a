"""How much each hyperparameter matters (paper, section 2.2, asked of the trials themselves).

A functional analysis of variance, cut off after pairs. The variance of the score over the search
space, within one dataset, is split into what each hyperparameter explains by itself (its main
effect), what each pair explains beyond its two, and a rest. None of the project's dependencies
brings one; the forest that is usually put beneath it (Hutter, Hoos and Leyton-Brown, 2014) would
only smooth what a few hundred trials on a grid of values say directly.

1. *Balance.* Trials are weighted until every value of every hyperparameter has the same weight
   (raking), so that shares refer to a space in which all values are equally likely, however often
   a strategy was measured.
2. *Main effects.* A weighted linear model on the values, without interactions. A hyperparameter's
   part is the variance of its effects over its values.
3. *Pairs.* The variance of the mean residuals over the pair's combinations of values.
4. *Chance.* Effects estimated from few trials vary by chance alone. The variance to be expected
   from that is subtracted: of the effects after the jackknife-like HC3 covariance, of the
   combinations after the spread within them. What explains nothing is then as often a little
   below zero as above, and means over datasets are not biased.

A share is a part of the sum of the main effects' variances and the residuals': the variance over
a space in which hyperparameters are drawn independently, which a sample's own would miss where its
values happen to coincide.

Limits: the rest holds interactions of three and more and the noise of the measurement, which are
not told apart. Values are taken as names, so their order helps nothing. A share depends on the
values that were tried: a learning rate between 1e-5 and 1e-3 matters more than one between 1e-4
and 2e-4. Where a hyperparameter is rarely measured (ten trials of full fine-tuning), its share on
one dataset is uncertain by a tenth or so; the mean over datasets is what to read.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.columns import SCORE

Values = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

MAX_VALUES = 8
"""Most values of a numeric hyperparameter taken one by one; more become quarters."""

TRIALS_PER_EFFECT = 3
"""Fewest trials for each effect that the linear model estimates.

Weighted trials count as the number of equally weighted ones that would be as precise.
"""

DIGITS = 4
"""Digits after the point of stored shares."""

LEAST_FREE = 0.05
"""Least part of a trial's residual that the fit is taken to have left."""

_ROUNDS = 200


@dataclass(frozen=True)
class Shares:
    """What explains the variance of the score on one dataset: shares of 1, by chance below 0.

    Parameters
    ----------
    main : dict of str to float
        By hyperparameter that was varied.
    pairs : dict of str to float
        By two of them, joined by " x ".
    rest : float
        What is left of 1: higher interactions and noise.
    """

    main: dict[str, float]
    pairs: dict[str, float]
    rest: float


def measure_importance(trials: pd.DataFrame) -> dict[str, Any]:
    """Split the variance of the relative score by hyperparameter, on each dataset and on average.

    Parameters
    ----------
    trials : pandas.DataFrame
        From `history.comparable.comparable_trials`, or the part of it with one strategy.

    Returns
    -------
    dict
        ``overall``: the means over datasets, ``main``, ``pairs`` and ``rest`` as in `Shares`, the
        largest first; a dataset counts where it varied the hyperparameter. ``by_dataset``: the
        same for each group, with ``n_trials``. ``excluded``: groups that cannot be split, with the
        reason.
    """
    by_dataset, excluded = {}, {}
    for name, rows in trials.groupby("group"):
        varied = varied_values(rows)
        known = varied.notna().all(axis=1).to_numpy()
        reason = _why_not(rows[known], varied[known])
        if reason:
            excluded[str(name)] = reason
            continue
        shares = split_variance(rows.loc[known, SCORE].to_numpy(float), varied[known])
        by_dataset[str(name)] = (int(known.sum()), shares)
    split = [shares for _, shares in by_dataset.values()]
    return {
        "overall": {
            "main": _means([shares.main for shares in split]),
            "pairs": _means([shares.pairs for shares in split]),
            "rest": round(float(np.mean([s.rest for s in split])), DIGITS) if split else None,
        },
        "by_dataset": {
            name: {"n_trials": n, **_rounded(shares)} for name, (n, shares) in by_dataset.items()
        },
        "excluded": excluded,
    }


def varied_values(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the hyperparameters that have at least two values here, as few values each.

    One that no row knows was not varied as far as anyone knows, and is left out. A numeric one
    with more than `MAX_VALUES` values is cut into quarters of its trials.

    Parameters
    ----------
    rows : pandas.DataFrame
        Trials of one dataset, n rows.

    Returns
    -------
    pandas.DataFrame
        n rows; missing where a trial does not know what others do.
    """
    varied = {}
    for name in configuration_columns():
        values = rows[name]
        if pd.api.types.is_numeric_dtype(values) and values.nunique() > MAX_VALUES:
            values = pd.qcut(values, 4, labels=False, duplicates="drop")
        if values.nunique() > 1:
            varied[name] = values
    return pd.DataFrame(varied, index=rows.index)


def split_variance(scores: Values, varied: pd.DataFrame) -> Shares:
    """Split the variance of scores by hyperparameter, as the module's text says.

    Parameters
    ----------
    scores : ndarray
        Scores in any unit, not all equal; shape (n,).
    varied : pandas.DataFrame
        The hyperparameters, at least one, each with two values or more, none missing; n rows.

    Returns
    -------
    Shares
    """
    codes = _codes(varied)
    weights = balance(list(codes.values()))
    design, columns = _design(codes)
    gram = np.linalg.pinv(design.T @ (weights[:, None] * design))
    effects = gram @ design.T @ (weights * scores)
    residuals = scores - design @ effects
    # A trial draws the fit towards itself; without that its residual would be this much larger.
    leverage = weights * np.einsum("ij,jk,ik->i", design, gram, design)
    freed = residuals / np.clip(1 - leverage, LEAST_FREE, None)
    scaled = design * (weights * freed)[:, None]
    covariance = gram @ scaled.T @ scaled @ gram
    main = {name: _spread(effects[at], covariance[np.ix_(at, at)]) for name, at in columns.items()}
    pairs = {
        f"{one} x {other}": _pair_spread(codes[one], codes[other], residuals, weights)
        for one, other in combinations(codes, 2)
    }
    total = sum(max(part, 0.0) for part in main.values()) + float(weights @ (residuals * freed))
    rest = total - sum(main.values()) - sum(pairs.values())
    return Shares(_divided(main, total), _divided(pairs, total), rest / total)


def balance(codes: list[Codes]) -> Values:
    """Weigh trials so that the values of every hyperparameter have equal weight.

    Parameters
    ----------
    codes : list of ndarray
        For each hyperparameter the number of each trial's value, from 0 on; shape (n,).

    Returns
    -------
    ndarray
        Positive, summing to 1; shape (n,). Where values exclude each other the balance is
        approximate.
    """
    weights = np.full(len(codes[0]), 1 / len(codes[0]))
    for _ in range(_ROUNDS):
        before = weights
        for code in codes:
            sums = np.bincount(code, weights)
            weights = weights / (sums * len(sums))[code]
        if np.allclose(weights, before, rtol=1e-9, atol=0):
            break
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _design(codes: dict[str, Codes]) -> tuple[Values, dict[str, list[int]]]:
    """Code the values by ones and zeros, the first value of each left out, and an intercept."""
    parts, columns, start = [np.ones((len(next(iter(codes.values()))), 1))], {}, 1
    for name, code in codes.items():
        levels = int(code.max()) + 1
        parts.append(np.eye(levels)[code][:, 1:])
        columns[name] = list(range(start, start + levels - 1))
        start += levels - 1
    return np.hstack(parts), columns


def _spread(effects: Values, covariance: Values) -> float:
    """Return the variance of effects (beside the first, which is 0), less what chance gives."""
    levels = len(effects) + 1
    centre = np.eye(levels) - 1 / levels
    form = (centre / levels)[1:, 1:]
    return float(effects @ form @ effects - np.trace(form @ covariance))


def _pair_spread(one: Codes, other: Codes, residuals: Values, weights: Values) -> float:
    """Return the variance of the mean residuals by combination, less what chance gives."""
    cells = pd.factorize(one * (other.max() + 1) + other)[0]
    counts, sums = np.bincount(cells), np.bincount(cells, weights)
    means = np.bincount(cells, weights * residuals) / sums
    deviations = (weights * (residuals - means[cells])) ** 2
    often = counts > 1  # from a single trial nothing can be said of chance
    chance = np.zeros(len(counts))
    chance[often] = (np.bincount(cells, deviations)[often] / sums[often] ** 2 * counts[often]) / (
        counts[often] - 1
    )
    # The main effects are gone from the residuals, and their share of chance with them.
    free = len(counts) - (one.max() + 1) - (other.max() + 1) + 1
    left = max(free, 0) / len(counts)
    return float(sums[often] @ (means**2 - left * chance)[often])


def _divided(parts: dict[str, float], total: float) -> dict[str, float]:
    return {name: part / total for name, part in parts.items()}


def _why_not(rows: pd.DataFrame, varied: pd.DataFrame) -> str | None:
    if varied.empty:
        return "no hyperparameter is known to have been varied"
    if rows[SCORE].nunique() < 2:
        return "all trials have the same score"
    weights = balance(list(_codes(varied).values()))
    worth = 1 / float(weights @ weights)
    needed = TRIALS_PER_EFFECT * (1 + sum(varied[name].nunique() - 1 for name in varied))
    if worth < needed:
        return f"{len(rows)} trials, balanced worth {worth:.0f}; fewer than {needed}"
    return None


def _codes(varied: pd.DataFrame) -> dict[str, Codes]:
    return {str(name): pd.factorize(varied[name], sort=True)[0] for name in varied}


def _means(shares: list[dict[str, float]]) -> dict[str, float]:
    """Average by name over the datasets that have it, the largest first."""
    if not shares:
        return {}
    means = pd.DataFrame(shares).mean().sort_values(ascending=False, kind="stable")
    return {str(name): round(float(value), DIGITS) for name, value in means.items()}


def _rounded(shares: Shares) -> dict[str, Any]:
    def rounded(parts: dict[str, float]) -> dict[str, float]:
        return {name: round(share, DIGITS) for name, share in parts.items()}

    return {
        "main": rounded(shares.main),
        "pairs": rounded(shares.pairs),
        "rest": round(shares.rest, DIGITS),
    }
