"""The values of features as text: exact, or binned where there are many."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd

from metallmix_kedro.meta_features import NUMERIC_META_FEATURES
from metallmix_kedro.meta_features.probes.features import PROBE_FEATURES

NUMERIC_HYPERPARAMETERS: tuple[str, ...] = (
    "dense_units",
    "dropout",
    "learning_rate",
    "batch_size",
)
NUMERIC_FEATURES: tuple[str, ...] = (
    *NUMERIC_META_FEATURES,
    *PROBE_FEATURES,
    *NUMERIC_HYPERPARAMETERS,
)
"""Features whose values have an order and a distance."""

UNKNOWN = "unknown"


def readable_value(feature: str, value: object) -> str:
    """Return one value as text.

    Hyperparameters keep their exact value, learning rates in the short form of the paper's
    Table 1. Meta-features are rounded to what tells datasets apart.

    Examples
    --------
    >>> readable_value("learning_rate", 1e-4), readable_value("dropout", 0.3)
    ('1e-4', '0.3')
    >>> readable_value("dense_units", 512.0), readable_value("n_instances", 21150.0)
    ('512', '21150')
    >>> readable_value("class_entropy", 0.918296), readable_value("modality", "MRI")
    ('0.918', 'MRI')
    """
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return UNKNOWN
    if not isinstance(value, int | float | np.number):
        return str(value)
    number = float(value)
    if feature == "learning_rate":
        return f"{Decimal(repr(number)).normalize():e}".replace("+", "")
    if feature in NUMERIC_HYPERPARAMETERS:
        return np.format_float_positional(number, trim="-")
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"


def readable_values(feature: str, values: pd.Series) -> pd.Series:
    """Return a column as text, value by value."""
    return values.map({value: readable_value(feature, value) for value in values.unique()})


def binned_values(feature: str, values: pd.Series, max_exact_values: int, n_bins: int) -> pd.Series:
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
    is_exact = feature in NUMERIC_HYPERPARAMETERS or feature not in NUMERIC_FEATURES
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
