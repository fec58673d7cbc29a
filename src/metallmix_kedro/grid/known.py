"""Trials that are known already, from the store and from the history."""

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from metallmix_kedro.declared import derived
from metallmix_kedro.grid.record import Record
from metallmix_kedro.history import ACCURACY, METRICS, history_schema, later_values

logger = logging.getLogger(__name__)


@derived
def _columns() -> dict[str, tuple[str, bool]]:
    """Return type and nullability of each column; asking the schema costs more than a record."""
    columns = history_schema().columns.items()
    return {name: (str(column.dtype), column.nullable) for name, column in columns}


def history_records(history: pd.DataFrame) -> dict[str, Record]:
    """Take the measured trials out of a history.

    Parameters
    ----------
    history : pandas.DataFrame
        Columns `history_columns`.

    Returns
    -------
    dict
        Records by trial id, None where nothing is known.
    """
    measured = history[history["source"] == "measured"].astype(object)
    rows = measured.where(measured.notna(), None).to_dict("records")
    return {str(row["trial_id"]): {str(key): row[key] for key in row} for row in rows}


def readable_records(partitions: Mapping[str, Callable[[], Record]]) -> dict[str, Record]:
    """Read stored trials, leaving out what cannot be read or is no trial.

    Of a disk that failed or a file that was edited, that trial is named and measured again; all
    others are kept.

    Parameters
    ----------
    partitions : mapping of str to callable
        Loads a record, by partition name.

    Returns
    -------
    dict
        Records by trial id.
    """
    records: dict[str, Record] = {}
    for name, load in sorted(partitions.items()):
        try:
            stored = load()
            if not isinstance(stored, dict):
                raise TypeError("it is not a record")
            record = {**later_values(), **stored}
            _check(record)
            records[record["trial_id"]] = record
        except Exception as error:
            logger.warning(
                "The stored trial '%s' cannot be read (%s); it counts as not measured.",
                name,
                " ".join(str(error).split())[:200],
            )
    return records


def _is_allowed(value: Any, kind: str, nullable: bool) -> bool:
    """Say whether a value of JSON may stand in a column of the history of that type."""
    if value is None:
        return nullable
    if kind == "float64":
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and math.isfinite(value)
    return isinstance(value, bool if kind == "boolean" else str)


def _check(record: Record) -> None:
    """Raise an error that says why, unless the record is one that a grid would have written."""
    if differing := sorted(set(record) ^ set(_columns())):
        raise ValueError(f"keys missing or unknown: {', '.join(differing)}")
    for name, (kind, nullable) in _columns().items():
        if not _is_allowed(record[name], kind, nullable):
            raise ValueError(f"{name} is {record[name]!r}")
    scores = {name: record[name] for name in METRICS if record[name] is not None}
    if bad := {name: value for name, value in scores.items() if not 0 <= value <= 1}:
        raise ValueError(f"scores outside 0 to 1: {bad}")
    if record["status"] not in ("finished", "failed"):
        raise ValueError(f"status is {record['status']!r}")
    if record["status"] == "finished" and ACCURACY not in scores:
        raise ValueError("it is finished and has no score")
