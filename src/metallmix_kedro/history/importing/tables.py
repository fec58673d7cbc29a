"""Somebody's table as text: a CSV row by row, or the columns of a parquet file."""

import codecs
import csv
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AfterValidator, Field

from metallmix_kedro.history.schema import Fault
from metallmix_kedro.support import InputError, Parameters

MAX_BYTES = 1_000_000_000
"""Size above which a table is refused before it is opened."""

EMPTY = ("", "NA", "N/A", "NaN", "nan", "NaT", "NULL", "null", "None", "<NA>")
"""Cells in which nothing stands."""

WHOLE_ROW = ""
"""Column of a fault that is not one cell's."""


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise ValueError(f"'{name}' is no encoding; usual are utf-8 and latin-1") from error
    return name


Delimiter = Annotated[str, Field(pattern=r'^[^"\r\n]$')]
Encoding = Annotated[str, AfterValidator(_known_encoding)]


class TableFormat(Parameters):
    """How a CSV is read."""

    delimiter: Delimiter | None = Field(
        default=None,
        description='What separates the columns; a tab in double quotes is "\\t".',
    )
    encoding: Encoding = Field(
        default="utf-8-sig", description="How a CSV's characters are stored."
    )


class Table(NamedTuple):
    """The cells of some columns.

    Parameters
    ----------
    cells : pandas.DataFrame of str
        Without spaces at their ends, missing where nothing stands. The index is the number of
        the row as a spreadsheet shows it: the header is row 1.
    faults : list of Fault
        Rows that have more or fewer cells than the header; they are not among the cells.
    """

    cells: pd.DataFrame
    faults: list[Fault]


def read_table(path: Path, columns: Collection[str], how: TableFormat) -> Table:
    """Read some columns of a CSV, TSV or parquet file.

    Parameters
    ----------
    path : Path
        The file; the end of its name says what it is.
    columns : collection of str
        Columns that are needed; others are not kept.
    how : TableFormat
        Delimiter and encoding of a CSV.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If the file is missing, empty, too large or not what its name says, if its characters are
        not stored as said, or if it lacks a column; the nearest column is named.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"{path} has {size} bytes; {MAX_BYTES} at most can be imported.")
        kind = path.suffix.casefold()
        if kind in {".csv", ".tsv"}:
            default = "\t" if kind == ".tsv" else ","
            table = _read_csv(path, columns, how.delimiter or default, how.encoding)
        elif kind == ".parquet":
            table = Table(_read_parquet(path, columns), [])
        else:
            raise InputError(f"{path} is no table that is known; its name must end in .csv, .tsv "
                             "or .parquet.")  # fmt: skip
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    return table._replace(cells=without_empty(table.cells))


def _read_csv(path: Path, columns: Collection[str], delimiter: str, encoding: str) -> Table:
    rows = _csv_rows(path, delimiter, encoding)
    _, header = next(rows, (0, []))
    if not header:
        raise InputError(f"{path} is empty.")
    names = [name.strip() for name in header]
    if len(names) == 1 and set(columns) - set(names):
        raise InputError(
            f"{path} has one column only, '{names[0][:80]}', if {delimiter!r} separates its "
            "columns. Say what does: delimiter."
        )
    places = [place_of(path, names, column) for column in columns]
    kept: dict[int, list[str]] = {}
    faults: list[Fault] = []
    for number, cells in rows:
        if len(cells) == len(names):
            kept[number] = [cells[place] for place in places]
        else:
            reason = f"has {len(cells)} cells where the header has {len(names)}"
            faults.append(Fault(number, WHOLE_ROW, reason))
    index = pd.Index(list(kept), name="row", dtype="int64")
    return Table(
        pd.DataFrame(list(kept.values()), index=index, columns=list(columns), dtype="str"), faults
    )


def _csv_rows(path: Path, delimiter: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows in which anything stands, numbered from 1.

    Not by pandas: it fills short rows up, renames columns that stand twice, and gives no row
    numbers for those it refuses.
    """
    number = 0
    try:
        with path.open(encoding=encoding, newline="") as file:
            for number, cells in enumerate(
                csv.reader(file, delimiter=delimiter, strict=True), start=1
            ):
                if any(cell.strip() for cell in cells):
                    yield number, cells
    except UnicodeError as error:
        raise InputError(
            f"{path} is not text in the encoding {encoding} ({error}). Say in which it is: "
            "encoding, for example latin-1 or utf-16."
        ) from error
    except LookupError as error:
        raise InputError(f"{path} cannot be read: {error} (encoding).") from error
    except csv.Error as error:
        raise InputError(f"{path} is no valid CSV after row {number}: {error}.") from error


def _read_parquet(path: Path, columns: Collection[str]) -> pd.DataFrame:
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            for column in columns:
                place = place_of(path, schema.names, column)
                if pa.types.is_nested(schema.field(place).type):
                    raise InputError(f"{path}: column '{column}' holds lists or mappings.")
            # A column "a" would bring "a.b" along.
            table = file.read(columns=list(columns)).select(list(columns))
            frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, ValueError) as error:
        raise InputError(f"{path} is no readable parquet file: {error}") from error
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    return frame.astype("str")


def place_of(source: object, names: Sequence[str], column: str) -> int:
    """Find a column, or say which is nearest; ``source`` is what a message names."""
    if column not in names:
        raise InputError(f"{source} has no column '{column}'{_nearest(column, names)}")
    if names.count(column) > 1:
        raise InputError(f"{source} has more than one column '{column}'; rename all but one.")
    return names.index(column)


def _nearest(column: str, names: Sequence[str]) -> str:
    near = get_close_matches(column, names, n=3)
    folded = [name for name in names if name.casefold() == column.casefold()]
    if near or folded:
        return f"; did you mean {' or '.join(repr(n) for n in dict.fromkeys(folded + near))}?"
    listed = ", ".join(repr(name) for name in names[:20])
    return f"; it has {listed}{f' and {len(names) - 20} more' if len(names) > 20 else ''}."


def without_empty(cells: pd.DataFrame) -> pd.DataFrame:
    """Strip cells; those in which nothing stands are missing."""
    stripped = pd.DataFrame({name: cells[name].str.strip() for name in cells}, index=cells.index)
    return stripped.mask(stripped.isin(EMPTY))
