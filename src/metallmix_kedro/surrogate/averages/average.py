"""What a configuration is worth on average: the part of the surrogate that knows no dataset.

The best-on-average configuration is hard to beat, so the surrogate starts from it: a ridge
regression of the relative score on the hyperparameters' values and their pairs, which also ranks
configurations that were never tried, and for a configuration tried on several datasets what that
leaves of its mean, shrunk towards 0. Boosted trees learn where a dataset differs. For the trees to
see the error that the average makes on a *new* dataset, each training dataset is given the average
of the others.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.declared import configuration_columns

FloatArray = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Level = str | float
Own = tuple[Codes, FloatArray]
"""Configurations as numbers, ascending, and what each is worth beyond its values."""


class ConfigurationAverage(BaseModel):
    """Mean relative score of a configuration: its values, their pairs, and the very combination.

    Parameters
    ----------
    levels : dict of str to tuple
        Hyperparameter -> the values that have an effect, in order.
    shares : dict of str to tuple of float
        How often each of them was measured; sums to 1. The background of `contributions`.
    intercept : float
        The value of a configuration of which nothing is known.
    main : dict of str to tuple of float
        The effect of each value.
    pairs : tuple
        Two hyperparameters and the effects of their pairs of values, row by row.
    own : tuple of tuple of int and float
        A configuration as one number, and what it is worth beyond all that. The number counts the
        combinations of levels, the last hyperparameter's running fastest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: dict[str, tuple[Level, ...]]
    shares: dict[str, tuple[float, ...]]
    intercept: float
    main: dict[str, tuple[float, ...]]
    pairs: tuple[tuple[str, str, tuple[tuple[float, ...], ...]], ...]
    own: tuple[tuple[int, float], ...]

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return the averages of configurations, shape (n,); an unknown value has no effect."""
        return self.at(level_codes(frame, self.levels), len(frame))

    def knows(self, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Say of which configurations the very combination was measured, shape (n,)."""
        codes = level_codes(frame, self.levels)
        numbers = np.fromiter((number for number, _ in self.own), np.int64, len(self.own))
        return np.isin(self._combinations(codes), numbers)

    def at(self, codes: dict[str, Codes], count: int, own: Own | None = None) -> FloatArray:
        """Return the averages of `count` configurations given as `level_codes` of `levels`.

        The very combinations' worth may be given as arrays, where it was not stored.
        """
        total = np.full(count, self.intercept)
        for name, effects in self.main.items():
            total += _padded(effects)[codes[name]]
        for first, second, by_pair in self.pairs:
            total += _padded(by_pair)[codes[first], codes[second]]
        return total + self._own_effects(codes, count, own)

    def contributions(self, frame: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """Divide the averages among the hyperparameters: their Shapley values, exactly.

        Against a background in which hyperparameters are drawn independently, as often as they
        were measured (Lundberg and Lee, "A unified approach to interpreting model predictions",
        2017): a value's own effect, and half of what it changes in each pair, less their means.
        What only the very combination explains belongs to all its hyperparameters alike.

        Parameters
        ----------
        frame : pandas.DataFrame
            Has the columns `configuration_columns`; n rows.

        Returns
        -------
        base : float
            The mean over the background.
        contributions : pandas.DataFrame
            Shape (n, 7) on the frame's index; base and row sum to the average.
        """
        codes = level_codes(frame, self.levels)
        table = {name: np.zeros(len(frame)) for name in configuration_columns()}
        base = self.intercept
        shares = {name: np.append(np.asarray(self.shares[name]), 0.0) for name in self.levels}
        for name, effects in self.main.items():
            values = _padded(effects)
            mean = float(shares[name] @ values)
            base += mean
            table[name] += values[codes[name]] - mean
        for first, second, by_pair in self.pairs:
            values = _padded(by_pair)
            over_first, over_second = shares[first] @ values, values @ shares[second]
            mean = float(over_first @ shares[second])
            base += mean
            both = values[codes[first], codes[second]]
            without_first, without_second = over_first[codes[second]], over_second[codes[first]]
            table[first] += (both - without_first + without_second - mean) / 2
            table[second] += (both - without_second + without_first - mean) / 2
        own = self._own_effects(codes, len(frame), None)
        for name in self.levels:
            table[name] += own / len(self.levels)
        return base, pd.DataFrame(table, index=frame.index)

    def _combinations(self, codes: dict[str, Codes]) -> Codes:
        table = np.column_stack([codes[name] for name in self.levels])
        return combination_numbers(table, self.levels)

    def _own_effects(self, codes: dict[str, Codes], count: int, own: Own | None) -> FloatArray:
        numbers, worth = own or (
            np.fromiter((number for number, _ in self.own), np.int64, len(self.own)),
            np.fromiter((worth for _, worth in self.own), np.float64, len(self.own)),
        )
        if not len(numbers):
            return np.zeros(count)
        wanted = self._combinations(codes)
        places = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
        return np.where(numbers[places] == wanted, worth[places], 0.0)


def level_codes(frame: pd.DataFrame, levels: dict[str, tuple[Level, ...]]) -> dict[str, Codes]:
    """Return the position of each value among the levels; -1 for one that is not there.

    Of a column of categories only the categories are looked up, however many rows there are.
    """
    codes = {}
    for name, values in levels.items():
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            position = {value: place for place, value in enumerate(values)}
            places = [position.get(value, -1) for value in column.dtype.categories]
            # Code -1, a missing value, points to the last place.
            codes[name] = np.array([*places, -1], dtype=np.int64)[column.cat.codes.to_numpy()]
        else:
            known = pd.Index(list(values))
            if known.dtype.kind in "fi":
                column = column.astype("float64")
            codes[name] = known.get_indexer(pd.Index(column)).astype(np.int64)
    return codes


def distinct(
    codes: dict[str, Codes], levels: dict[str, tuple[Level, ...]], count: int
) -> tuple[Codes, Codes]:
    """Return the distinct configurations, in order, and which of them each of the trials has.

    Parameters
    ----------
    codes : dict of str to ndarray
        The `level_codes` of `count` trials.
    levels : dict of str to tuple
        The levels they count in.
    count : int
        Number of trials.

    Returns
    -------
    unique : ndarray of int
        Shape (number of configurations, number of hyperparameters): codes, -1 where unknown.
    owner : ndarray of int
        Shape (`count`,): rows of `unique`.
    """
    numbers = np.zeros(count, dtype=np.int64)
    for name, values in levels.items():
        numbers = numbers * (len(values) + 1) + (codes[name] + 1)
    owner, found = pd.factorize(numbers, sort=True)
    unique = np.empty((len(found), len(levels)), dtype=np.int64)
    for place, values in reversed(list(enumerate(levels.values()))):
        found, rest = np.divmod(found, len(values) + 1)
        unique[:, place] = rest - 1
    return unique, np.asarray(owner, dtype=np.int64)


def combination_numbers(codes: Codes, levels: dict[str, tuple[Level, ...]]) -> Codes:
    """Return each configuration as one number; -1 where a value is unknown."""
    numbers = np.zeros(len(codes), dtype=np.int64)
    for place, values in enumerate(levels.values()):
        numbers = numbers * len(values) + codes[:, place]
    return np.where((codes < 0).any(axis=1), -1, numbers)


def _padded(effects: Sequence[object]) -> FloatArray:
    """Return effects with a zero behind each axis: where code -1, an unknown value, points."""
    values = np.asarray(effects, dtype=np.float64)
    padded = np.zeros([size + 1 for size in values.shape])
    padded[tuple(slice(size) for size in values.shape)] = values
    return padded
