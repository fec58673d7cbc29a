"""Ids of imported trials: the same for the same trial, however often it is imported."""

import hashlib
import json
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from metallmix_kedro.history.schema import Fault

IMPORTED = "imported"
"""The source of imported trials in the history."""

PROPOSER = "import:"
"""What stands before the name of the import in their ``proposer``."""

_TWICE = "if these are two trials, name a column that tells them apart (id)"


def with_trial_ids(
    rows: pd.DataFrame, name: str, marks: pd.Series | None
) -> tuple[pd.DataFrame, list[Fault]]:
    """Give trials their ids.

    Parameters
    ----------
    rows : pandas.DataFrame of object
        Trials in which nothing is wrong; the index is the row number.
    name : str
        Name of the import.
    marks : pandas.Series of str or None
        On the same index, what tells trials apart that agree in all else.

    Returns
    -------
    rows : pandas.DataFrame of object
        With ``trial_id``; of several trials that agree in everything the first.
    faults : list of Fault
        The others of these, and rows without a mark where there are marks.
    """
    if marks is None:
        marks = pd.Series("", index=rows.index)
    faults = [
        Fault(int(row), "trial_id", "is missing, but id names the column")
        for row in rows.index[marks.isna()]
    ]
    rows, marks = rows[marks.notna()], marks.dropna()
    ids = {
        int(row): _trial_id(name, str(mark), values)
        for row, mark, values in zip(rows.index, marks, rows.to_dict("records"), strict=True)
    }
    first: dict[str, int] = {}
    for row, trial_id in ids.items():
        if first.setdefault(trial_id, row) != row:
            reason = f"agrees in everything with row {first[trial_id]}; {_TWICE}"
            faults.append(Fault(row, "trial_id", reason))
    return rows.assign(trial_id=pd.Series(ids, dtype=object)).loc[list(first.values())], faults


def _trial_id(name: str, mark: str, values: Mapping[Hashable, Any]) -> str:
    # Without what is missing, so that a column the history gets later changes no id.
    known = {str(key): value for key, value in values.items() if not pd.isna(value)}
    content = json.dumps([name, mark, known], sort_keys=True)
    return f"{IMPORTED}-{name}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
