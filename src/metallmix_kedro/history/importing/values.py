"""Somebody's cells as values of the history: text to number, seconds or name."""

import math

import pandas as pd

from metallmix_kedro.history.columns import TIMES
from metallmix_kedro.history.schema import Fault, history_schema

MAX_TEXT = 200
"""Characters that a name, of a dataset or a backbone say, may have."""

MAX_ERROR = 500
"""Characters that are kept of a failed trial's error."""

Value = str | float


def is_number(column: str) -> bool:
    """Say whether a column of the history holds numbers."""
    return str(history_schema().columns[column].dtype) == "float64"


def parse_value(column: str, text: str, scale: float = 1.0, decimal: str = ".") -> Value:
    """Make a value of the history from a text that is not empty.

    Parameters
    ----------
    column : str
        Column of the history; it decides what is expected.
    text : str
        A cell without spaces at its ends.
    scale : float
        Factor on a number. Durations such as ``"0 days 00:01:23"``, which are allowed where
        seconds are expected, know their unit and are not scaled.
    decimal : str
        Decimal sign, ``"."`` or ``","``.

    Returns
    -------
    str or float

    Raises
    ------
    ValueError
        With the reason, to be read after the value.

    Examples
    --------
    >>> parse_value("training_time_s", "0 days 00:01:23")
    83.0
    >>> parse_value("test_accuracy", "93,5", scale=0.01, decimal=",")
    0.935
    """
    if is_number(column):
        return _parse_number(column, text, scale, decimal)
    if column == "error":
        return " ".join(text.split())[:MAX_ERROR]
    return _parse_name(text)


def _parse_number(column: str, text: str, scale: float, decimal: str) -> float:
    pointed = text.replace(decimal, ".")
    try:
        number = float(pointed) * scale
    except ValueError:
        if column not in TIMES:
            hint = "; if the comma is a decimal sign, set decimal" if "," in text else ""
            raise ValueError(f"is not a number{hint}") from None
        number = _parse_duration(pointed)
    else:
        if decimal == "," and "." in text:
            # It may group thousands: 1.234 would be read as a little more than one.
            raise ValueError("has a point, but the decimal sign is a comma")
    if not math.isfinite(number):
        raise ValueError("is not a finite number")
    return number


def _parse_duration(text: str) -> float:
    try:
        seconds = pd.Timedelta(text).total_seconds()
    except ValueError:
        raise ValueError("is neither seconds nor a duration such as 0 days 00:01:23") from None
    return float(seconds)


def _parse_name(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT} characters")
    if not text.isprintable():
        raise ValueError("holds a line break or another character that cannot be shown")
    return text


def translate(cells: pd.Series, words: dict[str, str]) -> pd.Series:
    """Replace cells by what they are called here.

    Parameters
    ----------
    cells : pandas.Series of str
        Missing where a cell is empty.
    words : dict of str to str
        Their value -> ours; an empty text makes the cell empty. What is not named stays as it is.
    """
    translated = cells.replace(words)
    return translated.mask(translated == "").astype("str")


def parse_cells(
    cells: pd.DataFrame, scale: dict[str, float], decimal: str
) -> tuple[pd.DataFrame, list[Fault]]:
    """Parse a table of cells column by column.

    Parameters
    ----------
    cells : pandas.DataFrame
        Text, missing where a cell is empty; columns of the history; the index is the row number.
    scale : dict of str to float
        Column -> factor on its numbers.
    decimal : str
        Decimal sign.

    Returns
    -------
    values : pandas.DataFrame of object
        Same shape; missing where a cell is empty or at fault.
    faults : list of Fault
        By column, in the order of the rows.
    """
    values = pd.DataFrame(index=cells.index)
    faults: list[Fault] = []
    for column in cells.columns:
        parsed: dict[str, Value] = {}
        reasons: dict[str, str] = {}
        # Thousands of rows repeat a handful of values, of hyperparameters say.
        for text in cells[column].dropna().unique():
            try:
                parsed[text] = parse_value(column, text, scale.get(column, 1.0), decimal)
            except ValueError as error:
                reasons[text] = str(error)
        values[column] = pd.Series(
            [parsed.get(text) for text in cells[column]], index=cells.index, dtype=object
        )
        at_fault = cells.loc[cells[column].isin(list(reasons)), column]
        faults += [
            Fault(int(row), column, reasons[text])
            for row, text in zip(at_fault.index, at_fault, strict=True)
        ]
    return values, faults
