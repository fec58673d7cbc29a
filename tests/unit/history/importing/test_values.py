import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.importing.values import Fault, parse_cells, parse_value, translate


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("test_accuracy", "0.5", 0.5),
        ("learning_rate", "1e-05", 1e-5),
        ("dense_units", "512.0", 512.0),
        ("training_time_s", "83", 83.0),
        ("training_time_s", "0 days 00:01:23.5", 83.5),
        ("training_time_s", "6.4min", 384.0),
        ("training_time_s", "31ms", 0.031),
        ("fit_time_s", "1.5h", 5400.0),
        ("backbone", "timm/vit_tiny", "timm/vit_tiny"),
        ("error", "a\n  long\tstory", "a long story"),
    ],
)
def test_a_cell_becomes_a_value(column, text, value):
    assert parse_value(column, text) == pytest.approx(value)


def test_numbers_are_scaled_and_durations_are_not():
    assert parse_value("test_accuracy", "93.5", scale=0.01) == pytest.approx(0.935)
    assert parse_value("training_time_s", "2", scale=60) == 120
    assert parse_value("training_time_s", "00:02:00", scale=60) == 120


@pytest.mark.parametrize(
    ("column", "text", "decimal", "reason"),
    [
        ("test_accuracy", "high", ".", "not a number"),
        ("test_accuracy", "0,93", ".", "set decimal"),
        ("n_instances", "1.234", ",", "has a point"),
        ("test_accuracy", "inf", ".", "finite"),
        ("test_accuracy", "nan", ".", "finite"),
        ("training_time_s", "a while", ".", "neither seconds nor a duration"),
        ("training_time_s", "NaT", ".", "finite"),
        ("backbone", "x" * 201, ".", "longer than 200"),
        ("dataset", "a\x1b[31m", ".", "cannot be shown"),
    ],
)
def test_what_cannot_be_read_is_said(column, text, decimal, reason):
    with pytest.raises(ValueError, match=reason):
        parse_value(column, text, decimal=decimal)


def test_a_decimal_comma():
    assert parse_value("test_accuracy", "0,93", decimal=",") == pytest.approx(0.93)


def test_cells_at_fault_are_missing_and_listed_with_their_rows():
    cells = pd.DataFrame(
        {"test_accuracy": ["0.5", "x", None, "x"]}, index=[2, 3, 5, 8], dtype="str"
    )
    values, faults = parse_cells(cells, {}, ".")
    assert values["test_accuracy"].tolist() == [0.5, None, None, None]
    assert faults == [Fault(row, "test_accuracy", "is not a number") for row in (3, 8)]


def test_translation_leaves_what_it_does_not_name():
    cells = pd.Series(["a", "b", None, "c"], dtype="str")
    assert translate(cells, {"a": "A", "c": ""}).fillna("-").tolist() == ["A", "b", "-", "-"]


@given(
    st.sampled_from(history_columns()),
    st.text(min_size=1).map(str.strip).filter(bool),
    st.sampled_from(".,"),
    st.floats(1e-6, 1e6),
)
def test_any_cell_is_a_value_or_has_a_reason(column, text, decimal, scale):
    try:
        value = parse_value(column, text, scale, decimal)
    except ValueError as error:
        value = str(error)
    assert value != ""
    assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.3h", 4680.0),
        ("1,3h", 4680.0),
        ("0 days 00:01:23.5", 83.5),
        ("2.5 min", 150.0),
        ("90.5s", 90.5),
        ("1,5", 1.5),
    ],
)
def test_a_duration_knows_its_own_point_whatever_the_tables_decimals(text, seconds):
    assert parse_value("training_time_s", text, decimal=",") == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["1.234", "1.5e3", "1.234,5"])
def test_a_point_that_may_group_thousands_is_refused(text):
    with pytest.raises(ValueError, match=r"decimal sign is a comma|neither seconds nor"):
        parse_value("training_time_s", text, decimal=",")
