"""Values as text."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.attribution.values import (
    binned_values,
    readable_value,
    readable_values,
)


@pytest.mark.parametrize(
    ("feature", "value", "text"),
    [
        ("learning_rate", 1e-4, "1e-4"),
        ("learning_rate", 2.5e-3, "2.5e-3"),
        ("learning_rate", 1.0, "1e0"),
        ("dense_units", np.float64(512), "512"),
        ("dropout", 0.3, "0.3"),
        ("n_instances", 1_234_567.0, "1234567"),
        ("class_entropy", 1.58496, "1.58"),
        ("backbone", "Xception", "Xception"),
        ("modality", None, "unknown"),
        ("image_width", float("nan"), "unknown"),
        ("strategy", pd.NA, "unknown"),
    ],
)
def test_readable(feature: str, value: object, text: str) -> None:
    assert readable_value(feature, value) == text


@given(
    feature=st.sampled_from(["dense_units", "dropout", "learning_rate", "batch_size"]),
    value=st.floats(1e-9, 1e6),
)
def test_hyperparameters_can_be_read_back(feature: str, value: float) -> None:
    assert float(readable_value(feature, value)) == value


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_missing_values_of_a_column_are_unknown(dtype: str) -> None:
    values = pd.Series(["MRI", None, "CT"], dtype=dtype)
    assert readable_values("modality", values).tolist() == ["MRI", "unknown", "CT"]
    numbers = pd.Series([64.0, None])
    assert readable_values("image_width", numbers).tolist() == ["64", "unknown"]


@given(
    values=st.lists(st.integers(1, 10**6), min_size=1, max_size=60),
    max_exact=st.integers(1, 10),
    n_bins=st.integers(2, 20),
)
def test_bins_cover_every_value_in_order(values: list[int], max_exact: int, n_bins: int) -> None:
    column = pd.Series(values, dtype=float)
    texts = binned_values("n_instances", column, max_exact, n_bins)
    assert texts.notna().all()
    assert texts.nunique() <= max(max_exact, n_bins)
    ranges = column.groupby(texts).agg(["min", "max"]).sort_values("min")
    assert (ranges["max"].to_numpy()[:-1] <= ranges["min"].to_numpy()[1:]).all()


def test_bins_hold_equally_many_values_however_often_each_was_measured() -> None:
    column = pd.Series([100.0] * 1000 + [200, 300, 400, 500, 600, 700, 800])
    texts = binned_values("n_instances", column, max_exact_values=4, n_bins=4)
    assert texts.unique().tolist() == ["100 to 200", "300 to 400", "500 to 600", "700 to 800"]


def test_hyperparameters_are_never_binned() -> None:
    column = pd.Series(np.arange(1.0, 40.0))
    assert binned_values("batch_size", column, 2, 2).nunique() == 39
