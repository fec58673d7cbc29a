"""Trials that are known already, from the store and from the history."""

import logging
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, create_model

from metallmix_kedro.declared import derived
from metallmix_kedro.grid.record import Record
from metallmix_kedro.history import ACCURACY, METRICS, history_schema, later_values

logger = logging.getLogger(__name__)


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Share = Annotated[Number, Field(ge=0, le=1)]


@derived
def _stored_trial() -> type[BaseModel]:
    """Make a model of what a grid writes: the history's columns, with JSON's values as they are."""
    kinds: dict[str, Any] = {"float64": Number, "boolean": StrictBool}
    fields: dict[str, Any] = {}
    for name, column in history_schema().columns.items():
        kind = Share if name in METRICS else kinds.get(str(column.dtype), StrictStr)
        fields[name] = (kind | None if column.nullable else kind, ...)
    fields["status"] = (Literal["finished", "failed"], ...)
    return create_model("StoredTrial", __config__=ConfigDict(extra="forbid"), **fields)


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
            record = {**later_values(), **load()}
            _stored_trial().model_validate(record)
            if record["status"] == "finished" and record[ACCURACY] is None:
                raise ValueError("it is finished and has no score")
            records[record["trial_id"]] = record
        except Exception as error:
            logger.warning(
                "The stored trial '%s' cannot be read (%s); it counts as not measured.",
                name,
                " ".join(str(error).split())[:200],
            )
    return records
