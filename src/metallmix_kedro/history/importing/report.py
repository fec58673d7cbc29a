"""What became of the rows of an import."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from metallmix_kedro.history.importing.mapping import HistoryMapping
from metallmix_kedro.history.schema import Fault

logger = logging.getLogger(__name__)

MAX_LISTED = 10
"""Bad values that a message lists before it only counts."""

MAX_SHOWN = 80
"""Characters of a value that are shown."""


class BadValue(NamedTuple):
    """One reason why a row cannot be imported.

    Parameters
    ----------
    row : int
        As a spreadsheet shows it: the header is row 1. Of a store, see `read_store`.
    trial : str or None
        What tells the trial apart, under the name of its column; None where ``id`` names none.
    column : str
        Column of the history; empty where the whole row is at fault.
    their_column : str or None
        Column of the table it comes from; None if it comes from elsewhere.
    value : str or None
        What stands there, shortened; None where nothing does.
    reason : str
        What is wrong with it.
    """

    row: int
    trial: str | None
    column: str
    their_column: str | None
    value: str | None
    reason: str

    def __str__(self) -> str:
        """Say it in a line."""
        row = f"row {self.row}" if self.trial is None else f"row {self.row} ({self.trial})"
        if not self.column:
            return f"{row} {self.reason}"
        named = "" if self.their_column is None else f"column '{self.their_column}', "
        value = "" if self.value is None else f"'{self.value}' "
        return f"{row}, {named}{self.column}: {value}{self.reason}"


def bad_values(
    faults: Iterable[Fault], cells: pd.DataFrame, values: pd.DataFrame, mapping: HistoryMapping
) -> list[BadValue]:
    """Name the columns and values at fault as their owner knows them.

    Parameters
    ----------
    faults : iterable of Fault
        What is wrong, in the history's words.
    cells : pandas.DataFrame of str
        The rows of the table under its own column names; the index is the row number.
    values : pandas.DataFrame of object
        The same rows under the history's.
    mapping : HistoryMapping
        Which of their columns is which of the history's.
    """
    theirs = dict(mapping.columns)
    if mapping.id is not None:
        theirs["trial_id"] = mapping.id
    described = []
    for row, column, reason in sorted(faults, key=lambda fault: fault.row):
        their_column = theirs.get(column)
        value: Any = None
        if their_column is not None:
            value = cells[their_column][row]
        elif column in values:
            value = values[column][row]
        shown = None if pd.isna(value) else str(value)[:MAX_SHOWN]
        trial = None if column == "trial_id" else _trial(row, cells, mapping.id)
        described.append(BadValue(row, trial, column, their_column, shown, reason))
    return described


def _trial(row: int, cells: pd.DataFrame, id_column: str | None) -> str | None:
    """Name a trial so that it is found where it comes from."""
    mark = None if id_column is None or row not in cells.index else cells[id_column][row]
    return None if pd.isna(mark) else f"{id_column} {str(mark)[:MAX_SHOWN]}"


def refusal(mapping: HistoryMapping, path: Path, bad: Sequence[BadValue], n_chosen: int) -> str:
    """Say why nothing is imported.

    Parameters
    ----------
    mapping : HistoryMapping
        The mapping.
    path : Path
        Its file.
    bad : sequence of BadValue
        What is wrong, at least one.
    n_chosen : int
        Rows that would have been imported.
    """
    n_bad = n_rows(bad)
    mend = (
        "Correct them, or have the other rows imported without them (on_bad_rows: exclude)."
        if n_bad < n_chosen
        else "Correct the mapping or the table."
    )
    return (
        f"Nothing is imported from {mapping.file} (mapping file {path}): {n_bad} of {n_chosen} "
        f"rows are bad.\n- {_listed(bad)}\n{mend}"
    )


def log(report: dict[str, Any], bad: Sequence[BadValue]) -> None:
    """Say in a line what became of the rows, and list those that are excluded."""
    logger.info(
        "Import %(name)s: %(n_trials)d trials on %(n_datasets)d datasets from %(rows)d rows of "
        "%(file)s; %(left_out)d left out by only and drop.",
        {**report, "n_datasets": len(report["trials"])},
    )
    if bad:
        logger.warning(
            "Import %s: %d bad rows are excluded (all of them stand in import_report):\n- %s",
            report["name"],
            n_rows(bad),
            _listed(bad),
        )


def n_rows(bad: Sequence[BadValue]) -> int:
    """Count the rows at fault."""
    return len({value.row for value in bad})


def _listed(bad: Sequence[BadValue]) -> str:
    more = len(bad) - MAX_LISTED
    return "\n- ".join([*map(str, bad[:MAX_LISTED]), *([f"and {more} more"] if more > 0 else [])])
