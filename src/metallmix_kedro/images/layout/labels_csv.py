"""Labels that stand in a CSV file instead of in folder names."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from metallmix_kedro.images.layout.listing import LabelledFile, Labels, list_folder
from metallmix_kedro.images.layout.tree import images_of
from metallmix_kedro.images.parameters import LabelsCsv
from metallmix_kedro.images.reasons import IMAGE_SUFFIXES, Reason
from metallmix_kedro.support import InputError

_SEPARATORS = ",;\t|"


def read_labels(root: Path, table: LabelsCsv) -> Labels:
    """Read the labels of a dataset's images.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    table : LabelsCsv
        The CSV, its columns, and the folders in which its paths are looked up.

    Returns
    -------
    Labels
        What is listed and not found is among them with that problem.

    Raises
    ------
    InputError
        If the CSV is missing, cannot be read or lacks a column, if one of its paths leaves the
        dataset's folder, or if none of its files is there.
    """
    place = _inside(table.file, table.file)
    files = sorted(root.glob(place)) if "*" in place else [root / place]
    if not files:
        raise InputError(f"labels_csv.file {table.file} matches no file in {root}.")
    known = KnownFiles(list_folder(root).files)
    labelled: list[LabelledFile] = []
    lost: list[list[str]] = []
    for file in files:
        frame = _columns_of(file, table)
        own = file.relative_to(root).parent.as_posix()
        folders = [posixpath.join(own, folder) for folder in table.folders]
        for label, given in zip(_labels(frame, table), frame[table.path_column], strict=True):
            if not given:
                raise InputError(
                    f"{file} has a line without a path in column '{table.path_column}'."
                )
            path, tried = known.find(given, folders)
            if path is None:
                lost.append(tried)
                labelled.append(LabelledFile(tried[0], label, Reason.NOT_FOUND))
            else:
                labelled.append(LabelledFile(path, label, None if label else Reason.NO_LABEL))
    note = _said_of(lost, len(labelled), known, table) if lost else ""
    return Labels.of(labelled, notes=(note,) if note else ())


class KnownFiles:
    """The files of a dataset, found by what a table calls them.

    A path is looked up as it stands, then without its ending and in any case, then anywhere, if
    one file alone has its name.

    Parameters
    ----------
    files : iterable of str
        Relative paths.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self._files = set(files)
        self.images = images_of(sorted(self._files))
        self._known: dict[str, list[str]] = defaultdict(list)
        for path in self.images:
            self._known[_bare(path)].append(path)
            self._known[f"*/{_bare(posixpath.basename(path))}"].append(path)

    def find(self, given: str, folders: Sequence[str]) -> tuple[str | None, list[str]]:
        """Find a file; and tell where it was sought.

        Parameters
        ----------
        given : str
            What the table says.
        folders : sequence of str
            Where it is looked up, in turn.

        Raises
        ------
        InputError
            If a path leaves the dataset's folder.
        """
        given = given.replace("\\", "/")
        tried = [_inside(posixpath.join(folder, given), given) for folder in folders]
        for path in tried:
            if path in self._files:
                return path, tried
        for name in (*tried, f"*/{posixpath.basename(given)}"):
            # A dot may begin no ending: series.1.2
            for key in (name.casefold(), _bare(name)):
                if len(self._known.get(key, ())) == 1:
                    return self._known[key][0], tried
        return None, tried


def _bare(path: str) -> str:
    """Return a path without an image's ending, in lower case."""
    lower = path.casefold()
    if not lower.endswith(IMAGE_SUFFIXES):
        return lower
    return lower.removesuffix(next(one for one in IMAGE_SUFFIXES if lower.endswith(one)))


def _inside(path: str, given: str) -> str:
    """Normalise a path relative to the dataset's folder, and refuse it where it leaves that."""
    normal = posixpath.normpath(path)
    if normal.split("/")[0] in ("", ".."):
        raise InputError(
            f"{given!r} leaves the dataset's folder and is refused. Paths in labels_csv are "
            "relative and stay inside."
        )
    return normal


def _said_of(
    lost: Sequence[Sequence[str]], n_listed: int, known: KnownFiles, table: LabelsCsv
) -> str:
    """Say which files were not found; raise `InputError` if none was."""
    first = lost[0][0]
    stem = first.removesuffix(posixpath.splitext(first)[1]) if images_of([first]) else first
    tried = ", ".join(list(dict.fromkeys([*lost[0], f"{stem}.jpg", f"{stem}.png"]))[:3])
    if len(lost) < n_listed:
        return (
            f"{len(lost):,} of the {n_listed:,} files that {table.file} lists were not found; "
            f"tried for the first of them: {tried}."
        )
    there = f"Images there are, for example, {', '.join(known.images[:2])}"
    raise InputError(
        f"labels_csv {table.file}: none of the {n_listed:,} listed files was found. Tried for the "
        f"first of them: {tried}. {there if known.images else 'No image is there'}. Set "
        "labels_csv.path_column to the column with the file names, and labels_csv.folders to the "
        "folders, relative to the CSV's own, that hold them."
    )


def _labels(frame: pd.DataFrame, table: LabelsCsv) -> list[str]:
    columns = list(table.columns)
    if table.one_hot:
        numbers = frame[columns].apply(pd.to_numeric, errors="coerce")
        words = frame[columns].apply(lambda column: column.str.lower())
        rows = (numbers.eq(1) | words.isin(["true", "yes"])).to_numpy()
        return [columns[row.argmax()] if row.sum() == 1 else "" for row in rows]
    return [" ".join(row) if all(row) else "" for row in frame[columns].itertuples(index=False)]


def read_table(file: Path) -> pd.DataFrame:
    """Read a table as text: separated by comma, semicolon, tab or bar, in UTF-8 or Latin-1.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        encoding = _encoding(file)
        with file.open(encoding=encoding) as opened:
            header = opened.readline()
        separator = max(_SEPARATORS, key=header.count)
        table = pd.read_csv(
            file, dtype=str, keep_default_na=False, skipinitialspace=True, index_col=False,
            sep=separator, encoding=encoding,
        )  # fmt: skip
        stripped: pd.DataFrame = table.fillna("").apply(lambda column: column.str.strip())
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise InputError(
            f"labels_csv {file} cannot be read: {error}. It is a table in text: "
            "from a spreadsheet, save it as CSV."
        ) from error
    return stripped


def _encoding(file: Path) -> str:
    start = file.read_bytes()
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in start:
        raise ValueError("it is no text")
    try:
        start.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def _columns_of(file: Path, table: LabelsCsv) -> pd.DataFrame:
    frame = read_table(file)
    for column in (table.path_column, *table.columns):
        if column not in frame.columns:
            raise InputError(
                f"labels_csv {file} has no column '{column}'; it has {', '.join(frame.columns)}."
            )
    return frame
