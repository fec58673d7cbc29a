"""Trials as numbers, for what is taken over all of them many times."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns, meta_features

FloatArray = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def _coded() -> tuple[str, ...]:
    """Name the columns of few values in many rows."""
    words = (name for name, declared in meta_features().items() if not declared.is_number)
    return ("dataset", "source", "status", "device", *words, *configuration_columns())


def coded(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the trials with their columns of few values as categories.

    A million words are slow to compare, to copy and to group; their codes are not. Columns that
    are categories already stay as they are.
    """
    words = [name for name in _coded() if not isinstance(trials[name].dtype, pd.CategoricalDtype)]
    return trials.astype(dict.fromkeys(words, "category")) if words else trials


def belongs(trials: pd.DataFrame, datasets: Collection[str]) -> npt.NDArray[np.bool_]:
    """Say which of the `coded` trials are of one of the datasets, shape (n,)."""
    known = trials["dataset"].cat
    wanted: npt.NDArray[np.bool_] = known.categories.isin(list(datasets))
    return wanted[known.codes.to_numpy()]


def draw_evenly(datasets: pd.Series, count: int, seed: int) -> Codes:
    """Draw trials, of each dataset as many as of any other as far as it has them.

    Parameters
    ----------
    datasets : pandas.Series
        The dataset of each trial, n values.
    count : int
        How many to draw; all n if there are no more.
    seed : int
        Seed of the draw.

    Returns
    -------
    ndarray of int
        Positions, ascending.
    """
    if len(datasets) <= count:
        return np.arange(len(datasets))
    order = pd.Series(pd.factorize(datasets)[0]).sample(frac=1.0, random_state=seed)
    place = order.groupby(order).cumcount().sort_values(kind="stable")
    return np.sort(place.index[:count].to_numpy())


def numbered(groups: Codes, count: int) -> "pd.Series[Any]":
    """Return numbers of `count` groups as categories: grouping by them needs no search."""
    return pd.Series(pd.Categorical.from_codes(groups, pd.RangeIndex(count)))


@dataclass(frozen=True, slots=True)
class Cells:
    """The trials of one configuration on one dataset each, in the order they first appear.

    Parameters
    ----------
    configuration, dataset : ndarray of int
        What each cell holds the trials of, shape (m,).
    first : ndarray of int
        The first trial of each cell, shape (m,).
    repeated, cell_of_repeated : ndarray of int
        The trials in cells of several, and the place of each in `several`.
    several : ndarray of int
        The cells that hold several trials.
    """

    configuration: Codes
    dataset: Codes
    first: Codes
    repeated: Codes
    cell_of_repeated: Codes
    several: Codes

    @classmethod
    def of(cls, configuration: Codes, dataset: Codes) -> "Cells":
        """Group n trials by configuration and dataset, numbers from 0 on."""
        n_datasets = int(dataset.max(initial=0)) + 1
        cell, keys = pd.factorize(configuration * n_datasets + dataset)
        # Cells are numbered as they appear: a new highest number is the first trial of a cell.
        first = np.flatnonzero(np.diff(np.maximum.accumulate(cell), prepend=-1))
        repeated = np.flatnonzero(np.bincount(cell)[cell] > 1)
        cell_of_repeated, several = pd.factorize(cell[repeated])
        return cls(
            configuration=keys // n_datasets,
            dataset=keys % n_datasets,
            first=first,
            repeated=repeated,
            cell_of_repeated=cell_of_repeated,
            several=several,
        )

    def means(self, values: FloatArray) -> FloatArray:
        """Return the mean over the trials of each cell, shape (m,), of n values."""
        means: FloatArray = values[self.first]
        if len(self.repeated):
            groups = numbered(self.cell_of_repeated, len(self.several))
            by_cell = pd.Series(values[self.repeated]).groupby(groups, observed=False)
            means[self.several] = by_cell.mean()
        return means
