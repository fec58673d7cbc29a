"""What became of the rows of an import."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, computed_field

from metallmix_kedro.history.importing.mapping import HistoryMapping
from metallmix_kedro.history.schema import Fault

MAX_LISTED = 10
"""Bad values that a message lists before it only counts."""

MAX_SHOWN = 80
"""Characters of a value that are shown."""


class BadValue(BaseModel):
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

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int
    trial: str | None = None
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


class ImportReport(BaseModel):
    """What was read, left out, imported and excluded.

    Parameters
    ----------
    name : str
        Name of the import.
    mapping : str
        Its mapping file, as the parameter names it.
    file, sha256 : str
        The table or store as the mapping names it, and the hash of its bytes or of what was read.
    on_bad_rows : str
        ``"refuse"`` or ``"exclude"``.
    rows : int
        Rows of the table.
    left_out : int
        Rows that ``only`` and ``drop`` left out.
    trials : dict of str to int
        Imported trials of each dataset.
    excluded : tuple of BadValue
        Why rows are excluded; a row may have several reasons.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    mapping: str
    file: str
    sha256: str
    on_bad_rows: str
    rows: int
    left_out: int
    trials: dict[str, int]
    excluded: tuple[BadValue, ...]

    @computed_field  # type: ignore[prop-decorator]  # as pydantic's documentation has it
    @property
    def n_trials(self) -> int:
        """Number of trials that are imported."""
        return sum(self.trials.values())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def n_excluded_rows(self) -> int:
        """Number of rows that are excluded."""
        return n_rows(self.excluded)

    def log(self, logger: logging.Logger) -> None:
        """Say it in a line, and list what is excluded."""
        logger.info(
            "Import %s: %d trials on %d datasets from %d rows of %s; %d left out by only and drop.",
            self.name,
            self.n_trials,
            len(self.trials),
            self.rows,
            self.file,
            self.left_out,
        )
        if self.excluded:
            logger.warning(
                "Import %s: %d bad rows are excluded (all of them stand in import_report):\n- %s",
                self.name,
                self.n_excluded_rows,
                _listed(self.excluded),
            )


def bad_values(
    faults: Iterable[Fault], cells: pd.DataFrame, values: pd.DataFrame, mapping: HistoryMapping
) -> tuple[BadValue, ...]:
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
        described.append(
            BadValue(row=row, trial=trial, column=column,
                     their_column=their_column, value=shown, reason=reason)
        )  # fmt: skip
    return tuple(described)


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


def n_rows(bad: Sequence[BadValue]) -> int:
    """Count the rows at fault."""
    return len({value.row for value in bad})


def _listed(bad: Sequence[BadValue]) -> str:
    more = len(bad) - MAX_LISTED
    return "\n- ".join([*map(str, bad[:MAX_LISTED]), *([f"and {more} more"] if more > 0 else [])])
