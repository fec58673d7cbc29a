"""Fitting what configurations are worth on average (`sized_average.SizedAverage`)."""

from collections.abc import Iterable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history import Cells, numbered
from metallmix_kedro.surrogate.averages.average import (
    Codes,
    ConfigurationAverage,
    FloatArray,
    Level,
    Own,
    combination_numbers,
    distinct,
    level_codes,
)
from metallmix_kedro.surrogate.averages.sized_average import (
    SizedAverage,
    size_shares,
    training_sizes,
)

MOST_LEVELS = 200
"""A hyperparameter with more distinct values than this has no average of its own."""
MOST_OWN = 20_000
"""Configurations with a worth of their own, those tried on most datasets."""
MOST_COLUMNS = 1500
"""Pairs of hyperparameters are left out where there would be more columns than this."""


def fit_averages(
    trials: pd.DataFrame,
    weights: FloatArray,
    left_out: Iterable[frozenset[str]],
    penalty: float,
    own_penalty: float | None = None,
    own_least: int = 2,
    sizes: tuple[float, ...] = (),
) -> tuple[SizedAverage, dict[frozenset[str], SizedAverage]]:
    """Fit the average over all datasets, and over all but some.

    Parameters
    ----------
    trials : pandas.DataFrame
        Columns ``dataset``, `configuration_columns` and ``relative_score``, none of it missing
        but hyperparameters; ``n_train`` where it is known; n rows, at least one.
    weights : ndarray
        Weights of the trials, shape (n,).
    left_out : iterable of frozenset of str
        Sets of datasets.
    penalty : float
        L2 penalty on the effects, in units of trials.
    own_penalty : float, optional
        Datasets that outweigh what a very combination is worth; None leaves that out.
    own_least : int
        Datasets on which it has to be tried for that.
    sizes : tuple of float
        Sizes of the training set at which the average is corrected, ascending.

    Returns
    -------
    everything : SizedAverage
    without : dict
        Each set of datasets -> the average without them.
    """
    table = AverageTable(trials, weights, penalty, own_penalty, own_least, sizes)
    without = {fold: table.without(fold).stored() for fold in left_out}
    return table.without(frozenset()).stored(), without


class Solved(NamedTuple):
    """An average as it was fitted: what very combinations are worth stands apart, as arrays."""

    values: ConfigurationAverage
    own: Own
    sizes: tuple[float, ...]
    corrections: tuple[ConfigurationAverage, ...]

    def at(self, unique: Codes, owner: Codes, n_train: FloatArray) -> FloatArray:
        """Return the averages of trials, as `SizedAverage.predict` does.

        Each configuration is asked for once, however many trials it has.

        Parameters
        ----------
        unique, owner : ndarray of int
            From `distinct`.
        n_train : ndarray
            The size of each trial's training set, shape (n,); NaN where it is not known.
        """
        codes = {name: unique[:, place] for place, name in enumerate(self.values.levels)}
        total = self.values.at(codes, len(unique), self.own)[owner]
        for share, one in zip(size_shares(n_train, self.sizes), self.corrections, strict=True):
            total += share * one.at(codes, len(unique))[owner]
        return total

    def stored(self) -> SizedAverage:
        """Return the average in the form that is stored."""
        numbers, worth = self.own
        own = tuple(zip(numbers.tolist(), worth.tolist(), strict=True))
        return SizedAverage(
            overall=self.values.model_copy(update={"own": own}),
            sizes=self.sizes,
            corrections=self.corrections,
        )


class AverageTable:
    """Trials made ready for averages over all datasets but some; arguments as `fit_averages`.

    A trial is its configuration, its dataset, its weight and its score; what does not depend on
    the datasets that are left out is made once.
    """

    def __init__(
        self,
        trials: pd.DataFrame,
        weights: FloatArray,
        penalty: float,
        own_penalty: float | None = None,
        own_least: int = 2,
        sizes: tuple[float, ...] = (),
    ) -> None:
        self.levels = _levels(trials)
        self._columns = _Columns(self.levels)
        codes = level_codes(trials, self.levels)
        self._unique, self._owner = distinct(codes, self.levels, len(trials))
        self._design = self._columns.design(self._unique)
        self._scores = trials["relative_score"].to_numpy(dtype=np.float64)
        self._weights, self._penalty = weights, penalty
        self._shares = _shares(codes, self.levels, weights)
        datasets = trials["dataset"].astype("category").cat
        self._names = datasets.categories
        self._dataset = datasets.codes.to_numpy().astype(np.int64)
        self._own_penalty, self._own_least = own_penalty, own_least
        has_own = own_penalty is not None and self.levels
        self._cells = Cells.of(self._owner, self._dataset) if has_own else None
        self._n_train = training_sizes(trials)
        self._sizes = sizes if np.isfinite(self._n_train).any() else ()

    def without(self, left_out: frozenset[str]) -> Solved:
        """Fit the average over all datasets but some."""
        is_out = self._names.isin(left_out)
        used = np.where(is_out[self._dataset], 0.0, self._weights) if left_out else self._weights
        if not used.any():
            used = self._weights
        values, left = self._solve(self._scores, used)
        overall = Solved(values, self._own(left, is_out), (), ())
        left = self._scores - overall.at(self._unique, self._owner, self._n_train)
        shares = size_shares(self._n_train, self._sizes)
        corrections = tuple(self._solve(left, used * share)[0] for share in shares)
        return overall._replace(sizes=self._sizes, corrections=corrections)

    def _solve(
        self, scores: FloatArray, used: FloatArray
    ) -> tuple[ConfigurationAverage, FloatArray]:
        """Return the average of scores, and what it leaves of them."""
        mean = float(np.average(scores, weights=used)) if used.any() else 0.0
        above = scores - mean
        weight_of = np.bincount(self._owner, used, len(self._unique))
        sum_of = np.bincount(self._owner, used * above, len(self._unique))
        design = self._design
        normal = (design.T @ design.multiply(weight_of[:, None])).toarray()
        normal[np.diag_indices_from(normal)] += self._penalty
        effects = _solved(normal, np.asarray(design.T @ sum_of, dtype=np.float64))
        values = self._columns.average(effects, mean, self.levels, self._shares)
        return values, above - (design @ effects)[self._owner]

    def _own(self, left: FloatArray, is_out: npt.NDArray[np.bool_]) -> Own:
        """Return what configurations tried on enough datasets are worth beyond their values."""
        cells = self._cells
        if cells is None or self._own_penalty is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        kept = ~is_out[cells.dataset]
        owner, count = cells.configuration[kept], len(self._unique)
        left = cells.means(left)[kept]
        sums = pd.Series(left).groupby(numbered(owner, count), observed=False).sum().to_numpy()
        sizes = np.bincount(owner, minlength=count)
        enough = np.flatnonzero(sizes >= self._own_least)
        own = enough[np.argsort(-sizes[enough], kind="stable")][:MOST_OWN]
        worth = sums[own] / (sizes[own] + self._own_penalty)
        numbers = combination_numbers(self._unique[own], self.levels)
        order = np.lexsort((worth, numbers))
        return numbers[order], worth[order]


class _Columns:
    """The columns of the design: a block a hyperparameter, then a block a pair of them."""

    def __init__(self, levels: dict[str, tuple[Level, ...]]) -> None:
        self.names = tuple(levels)
        self.sizes = [len(levels[name]) for name in self.names]
        pairs = list(combinations(range(len(self.names)), 2))
        n_pairs = sum(self.sizes[i] * self.sizes[j] for i, j in pairs)
        self.pairs = pairs if sum(self.sizes) + n_pairs <= MOST_COLUMNS else []

    def design(self, codes: Codes) -> Any:
        """Return 1 where a configuration has the value or the pair: sparse, (n, columns)."""
        from scipy import sparse  # only here and below: predicting needs none of it

        blocks = [(codes[:, i], size) for i, size in enumerate(self.sizes)]
        for i, j in self.pairs:
            both = np.where(
                (codes[:, i] < 0) | (codes[:, j] < 0), -1, codes[:, i] * self.sizes[j] + codes[:, j]
            )
            blocks.append((both, self.sizes[i] * self.sizes[j]))
        starts = np.cumsum([0, *(size for _, size in blocks)])
        columns = [
            np.where(values < 0, -1, start + values)
            for (values, _), start in zip(blocks, starts, strict=False)
        ]
        rows = np.tile(np.arange(len(codes)), len(columns))
        flat = np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)
        known = flat >= 0
        ones = np.ones(int(known.sum()))
        shape = (len(codes), int(starts[-1]))
        return sparse.csr_array((ones, (rows[known], flat[known])), shape=shape)

    def average(
        self,
        effects: FloatArray,
        intercept: float,
        levels: dict[str, tuple[Level, ...]],
        shares: dict[str, tuple[float, ...]],
    ) -> ConfigurationAverage:
        """Sort the effects into a `ConfigurationAverage`."""
        ends = np.cumsum([*self.sizes, *(self.sizes[i] * self.sizes[j] for i, j in self.pairs)])
        parts = np.split(effects, ends[:-1]) if len(ends) else []
        main = {name: tuple(parts[i].tolist()) for i, name in enumerate(self.names)}
        pairs = []
        for (i, j), part in zip(self.pairs, parts[len(self.sizes) :], strict=True):
            rows = part.reshape(self.sizes[i], self.sizes[j]).tolist()
            pairs.append((self.names[i], self.names[j], tuple(tuple(row) for row in rows)))
        return ConfigurationAverage(
            levels=levels, shares=shares, intercept=intercept, main=main, pairs=tuple(pairs), own=()
        )


def _levels(trials: pd.DataFrame) -> dict[str, tuple[Level, ...]]:
    """Return the values of the hyperparameters that vary, and not too much."""
    found = {
        name: tuple(sorted(trials[name].dropna().unique().tolist()))
        for name in configuration_columns()
    }
    return {name: values for name, values in found.items() if 1 < len(values) <= MOST_LEVELS}


def _shares(
    codes: dict[str, Codes], levels: dict[str, tuple[Level, ...]], weights: FloatArray
) -> dict[str, tuple[float, ...]]:
    shares = {}
    for name, values in levels.items():
        known = codes[name] >= 0
        counts = np.bincount(codes[name][known], weights[known], len(values))
        shares[name] = tuple((counts / counts.sum()).tolist())
    return shares


def _solved(normal: FloatArray, right: FloatArray) -> FloatArray:
    """Solve a system whose matrix is positive definite, for the penalty."""
    if not len(right):
        return right
    from scipy import linalg

    return np.asarray(linalg.solve(normal, right, assume_a="pos"), dtype=np.float64)
