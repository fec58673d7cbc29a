"""The values of features as text: exact, or binned where there are many."""

import numpy as np
import pandas as pd

from metallmix_kedro.declared import hyperparameters
from metallmix_kedro.surrogate import described_features


def numeric_features() -> tuple[str, ...]:
    """Name the features whose values have an order and a distance."""
    return tuple(name for name, one in described_features().items() if one.is_number)


def readable_value(feature: str, value: object) -> str:
    """Return one value as text.

    Hyperparameters keep their exact value, learning rates in the short form of the paper's
    Table 1. Meta-features are rounded to what tells datasets apart.
    """
    return described_features()[feature].readable(value)


def readable_values(feature: str, values: pd.Series) -> pd.Series:
    """Return a column as text, value by value."""
    return values.map({value: readable_value(feature, value) for value in values.unique()})


def binned_values(
    feature: str, values: pd.Series, max_exact_values: int = 6, n_bins: int = 4
) -> pd.Series:
    """Return a column as text, numeric features of a dataset with many values in bins.

    Each bin holds about equally many of the distinct values, that is of datasets: with quantiles
    over trials, one much measured dataset would be a bin of its own. A bin is named by the
    smallest and the largest value in it.

    Parameters
    ----------
    feature : str
        Name of the feature.
    values : pandas.Series
        Its values, none missing.
    max_exact_values : int
        Up to so many distinct values nothing is binned.
    n_bins : int
        Number of bins.

    Returns
    -------
    pandas.Series of str
        On the index of `values`.
    """
    distinct = pd.Series(np.sort(values.unique()))
    is_exact = feature in hyperparameters() or feature not in numeric_features()
    if is_exact or len(distinct) <= max_exact_values:
        return readable_values(feature, values)
    bins = pd.qcut(distinct.rank(), n_bins, labels=False)
    names = distinct.groupby(bins).transform(
        lambda inside: _range(feature, inside.min(), inside.max())
    )
    return values.map(dict(zip(distinct, names, strict=True)))


def _range(feature: str, smallest: float, largest: float) -> str:
    low, high = readable_value(feature, smallest), readable_value(feature, largest)
    return low if low == high else f"{low} to {high}"
