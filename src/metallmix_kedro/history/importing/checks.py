"""What is wrong with imported trials, row by row."""

from collections.abc import Collection

import pandas as pd
from pandera.errors import SchemaErrors

from metallmix_kedro.declared import features
from metallmix_kedro.history.columns import ACCURACY
from metallmix_kedro.history.importing.values import Fault
from metallmix_kedro.history.schema import history_schema

_BROKEN = {
    "not_nullable": "is missing",
    "greater_than_or_equal_to(0)": "is below 0",
    "in_range(0, 1)": "is not in [0, 1]; if it is in percent, set scale to 0.01",
    "isin(('finished', 'failed'))": "is neither finished nor failed; translate it in values.status",
}
"""Check of the schema -> what it says of a value that fails it."""


def find_faults(rows: pd.DataFrame) -> list[Fault]:
    """Check trials against all that a history asks of one.

    Parameters
    ----------
    rows : pandas.DataFrame of object
        Columns `history_columns`; the index is the row number. The trial ids are not looked at.

    Returns
    -------
    list of Fault
        The first fault of each value, by row.
    """
    faults = [
        *_out_of_limits(rows),
        *_against_schema(rows),
        *_without_score(rows),
    ]
    return first_of_each(faults)


def first_of_each(faults: Collection[Fault]) -> list[Fault]:
    """Keep the first fault of each value, sorted by row."""
    first: dict[tuple[int, str], Fault] = {}
    for fault in faults:
        first.setdefault((fault.row, fault.column), fault)
    return sorted(first.values(), key=lambda fault: fault.row)


def _out_of_limits(rows: pd.DataFrame) -> list[Fault]:
    """Find values that mean nothing, in whatever search space.

    Any word without order may be named, any number be given that makes sense; of words in an order
    only those that are declared, because the surrogate knows them by their rank.
    """
    return [
        Fault(int(row), column, problem)
        for column, declared in features().items()
        for value in rows[column].dropna().unique()
        if (problem := declared.problem_with(value))
        for row in rows.index[rows[column] == value]
    ]


def _against_schema(rows: pd.DataFrame) -> list[Fault]:
    # The ids are made when all else is right; until then the row tells trials apart.
    numbered = rows.assign(trial_id=rows.index.astype("str")).reset_index(drop=True)
    try:
        history_schema().validate(numbered, lazy=True)
    except SchemaErrors as error:
        # A case without a row is a check that could not run on values listed anyway.
        cases = error.failure_cases.dropna(subset="index")
        return [
            Fault(int(rows.index[int(place)]), str(column), _broken(str(check)))
            for place, column, check in cases[["index", "column", "check"]].to_numpy()
        ]
    return []


def _broken(check: str) -> str:
    return _BROKEN.get(check, f"fails the check {check}")


def _without_score(rows: pd.DataFrame) -> list[Fault]:
    scoreless = rows.index[(rows["status"] == "finished") & rows[ACCURACY].isna()]
    return [Fault(int(row), ACCURACY, "is missing though the trial finished") for row in scoreless]
