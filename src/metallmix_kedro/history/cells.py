"""Trials as numbers, for what is taken over all of them many times."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns, meta_features

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
