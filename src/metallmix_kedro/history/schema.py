"""The schema of the history (the paper's meta-dataset, section 2.1 and Figure 2)."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from metallmix_kedro.declared import Feature, Hyperparameter, derived, features, network
from metallmix_kedro.history.columns import ACCURACY, DETAILS, METRICS, PROTOCOL, SOURCES, TIMES

FINITE = pa.Check(np.isfinite, error="is not finite")

REASONS = {
    "not_nullable": "is missing",
    "greater_than_or_equal_to(0)": "is below 0",
    "in_range(0, 1)": "is not in [0, 1]; if it is in percent, set scale to 0.01",
    "isin(('finished', 'failed'))": "is neither finished nor failed; translate it in values.status",
}
"""Check of the schema -> what it says of a value that fails it, to be read after the value."""


class Fault(NamedTuple):
    """What is wrong with one value of one row; ``reason`` is to be read after the value."""

    row: int
    column: str
    reason: str


def _unit_interval() -> pa.Column:
    return pa.Column("float64", pa.Check.in_range(0, 1), nullable=True)


def _text(nullable: bool = True, check: pa.Check | None = None) -> pa.Column:
    return pa.Column("str", check, nullable=nullable)


def _number() -> pa.Column:
    return pa.Column("float64", [pa.Check.ge(0), FINITE], nullable=True)


def _truth() -> pa.Column:
    return pa.Column("boolean", nullable=True)


_OF_KIND = {"number": _number, "text": _text, "truth": _truth}


def _declared(name: str, feature: Feature) -> pa.Column:
    """Make the column of a meta-feature or hyperparameter.

    What kind of dataset it is and which network was used is known of every trial.
    """
    if not feature.is_number:
        return _text(nullable=isinstance(feature, Hyperparameter) and name != network())
    least = [] if feature.minimum is None else [pa.Check.ge(feature.minimum)]
    return pa.Column("float64", [*least, FINITE], nullable=True)


@derived
def history_schema() -> pa.DataFrameSchema:
    """Make what every stored history satisfies: unique trials, scores in [0, 1], no other column.

    Meta-features and hyperparameters are missing where a source does not give them: the paper's
    published outcomes name a backbone only.
    """
    return pa.DataFrameSchema(
        {
            "trial_id": pa.Column("str", nullable=False, unique=True),
            "dataset": _text(nullable=False),
            "source": _text(nullable=False, check=pa.Check.isin(SOURCES)),
            "proposer": _text(nullable=False),
            "status": _text(nullable=False, check=pa.Check.isin(("finished", "failed"))),
            "error": _text(),
            **{name: _declared(name, one) for name, one in features().items()},
            **{metric: _unit_interval() for metric in METRICS},
            **{f"{metric}_std": _unit_interval() for metric in METRICS},
            **{name: _number() for name in (*TIMES, "epochs_run")},
            "data_hash": _text(),
            **{name: _text() for name in DETAILS},
            **{name: _OF_KIND[kind]() for name, kind in PROTOCOL.items()},
        },
        strict=True,
        ordered=False,
        coerce=True,
        name="history",
    )


def validated(history: pd.DataFrame) -> pd.DataFrame:
    """Check a history before it is stored (named in the catalog)."""
    return history_schema().validate(history)


def checked(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Give trials the types of a history, and list what is wrong with them.

    Parameters
    ----------
    rows : pandas.DataFrame of object
        Columns `history_columns`; the index is the row number.

    Returns
    -------
    trials : pandas.DataFrame
        The trials, typed if nothing is wrong with them.
    faults : list of Fault
        The first fault of each value, by row.
    """
    faults: list[Fault] = []
    typed = rows
    try:
        typed = history_schema().validate(rows.reset_index(drop=True), lazy=True)
    except SchemaErrors as error:
        # A case without a row is a check that could not run on values listed anyway.
        cases = error.failure_cases.dropna(subset="index")
        faults = [
            Fault(int(rows.index[int(place)]), str(column), _reason(str(check)))
            for place, column, check in cases[["index", "column", "check"]].to_numpy()
        ]
    scoreless = rows.index[(rows["status"] == "finished") & rows[ACCURACY].isna()]
    reason = "is missing though the trial finished"
    return typed, first_of_each(
        [*faults, *(Fault(int(row), ACCURACY, reason) for row in scoreless)]
    )


def first_of_each(faults: Iterable[Fault]) -> list[Fault]:
    """Keep the first fault of each value, sorted by row."""
    first: dict[tuple[int, str], Fault] = {}
    for fault in faults:
        first.setdefault((fault.row, fault.column), fault)
    return sorted(first.values(), key=lambda fault: fault.row)


def _reason(check: str) -> str:
    return REASONS.get(check, check if check.startswith("is ") else f"fails the check {check}")
