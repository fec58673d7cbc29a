"""Labels that stand in a CSV file instead of in folder names."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from metallmix_kedro.images.layout.listing import list_folder
from metallmix_kedro.images.layout.tree import images_of
from metallmix_kedro.images.parameters import LabelsCsv
from metallmix_kedro.images.reasons import IMAGE_SUFFIXES
from metallmix_kedro.support import InputError

_SEPARATORS = ",;\t|"


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A line of the table: its label (empty: none), the file, and where that was sought."""

    label: str
    path: str
    found: bool
    tried: tuple[str, ...] = ()


def read_labels(root: Path, table: LabelsCsv) -> list[ListedFile]:
    """Read the labels of a dataset's images.

    A path is looked up in the table's folders as it stands, then with the endings of images, then
    anywhere below the dataset's folder, if one file alone has its name.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    table : LabelsCsv
        The CSV, its columns, and the folders in which its paths are looked up.

    Returns
    -------
    list of ListedFile
        Paths are relative to `root`.

    Raises
    ------
    InputError
        If the CSV is missing, cannot be read or lacks a column, if one of its paths leaves the
        dataset's folder, or if none of its files is there.
    """
    try:
        files = sorted(root.glob(table.file)) if "*" in table.file else [root / table.file]
    except NotImplementedError:  # an absolute pattern
        files = []
    if not files:
        raise InputError(f"labels_csv.file {table.file} matches no file in {root}.")
    names = _Names(list_folder(root).files)
    found = [line for file in files for line in _read_one(root, file, table, names)]
    if found and not any(line.found for line in found):
        raise InputError(_none_found(root, found, table))
    return found


def _read_one(root: Path, file: Path, table: LabelsCsv, names: "_Names") -> Iterator[ListedFile]:
    inside = _inside(root, file, table.file)
    frame = _columns_of(inside, table)
    folders = [_inside(root, inside.parent / folder, folder) for folder in table.folders]
    for label, path in zip(_labels(frame, table), frame[table.path_column], strict=True):
        given = path.strip()
        if not given:
            raise InputError(f"{file} has a line without a path in column '{table.path_column}'.")
        yield _find(root.resolve(), folders, given, label, names)


def _find(
    root: Path, folders: Sequence[Path], given: str, label: str, names: "_Names"
) -> ListedFile:
    tried = []
    for folder in folders:
        place = _inside(root, folder / given, given)
        tried.append(place.relative_to(root).as_posix())
        if place.is_file():
            return ListedFile(label, tried[-1], True)
    for path in tried:
        if (one := names.with_ending(path)) is not None:
            return ListedFile(label, one, True)
    if (one := names.anywhere(given)) is not None:
        return ListedFile(label, one, True)
    known = given.lower().endswith(IMAGE_SUFFIXES)
    also = [f"{tried[0]}{ending}" for ending in ((".png",) if known else (".jpg", ".png", ".dcm"))]
    return ListedFile(label, tried[0], False, (*tried, *also)[:3])


class _Names:
    """The files of a dataset by path and by name, without their endings and in any case."""

    def __init__(self, files: Sequence[str]) -> None:
        self._paths: dict[str, list[str]] = defaultdict(list)
        self._names: dict[str, list[str]] = defaultdict(list)
        for path in images_of(files):
            self._paths[_bare(path)].append(path)
            self._names[_bare(path).rpartition("/")[2]].append(path)

    def with_ending(self, path: str) -> str | None:
        return self._only(self._paths, path)

    def anywhere(self, path: str) -> str | None:
        return self._only(self._names, path.replace("\\", "/").rpartition("/")[2])

    @staticmethod
    def _only(files: dict[str, list[str]], path: str) -> str | None:
        for name in (path.casefold(), _bare(path)):
            if len(found := files.get(name, [])) == 1:
                return found[0]
        return None


def _bare(path: str) -> str:
    """Return a path without an image's ending, in lower case."""
    lower = path.lower()
    ending = next((one for one in IMAGE_SUFFIXES if lower.endswith(one)), "")
    return path[: len(path) - len(ending)].casefold()


def _none_found(root: Path, lines: Sequence[ListedFile], table: LabelsCsv) -> str:
    first = lines[0]
    images = images_of(list_folder(root).files)
    there = (
        f"Images there are, for example, {', '.join(images[:2])}" if images else "No image is there"
    )
    return (
        f"labels_csv {table.file}: none of the {len(lines):,} listed files was found. Tried for "
        f"the first of them: {', '.join(first.tried)}. {there}. Set labels_csv.path_column to the "
        "column with the file names, and labels_csv.folders to the folders, relative to the CSV's "
        "own, that hold them."
    )


def _labels(frame: pd.DataFrame, table: LabelsCsv) -> list[str]:
    columns = [frame[name].str.strip() for name in table.columns]
    rows = list(zip(*columns, strict=True))
    if table.one_hot:
        chosen = [
            [name for name, value in zip(table.columns, row, strict=True) if _is_one(value)]
            for row in rows
        ]
        return [names[0] if len(names) == 1 else "" for names in chosen]
    return [" ".join(row) if all(row) else "" for row in rows]


def _is_one(value: str) -> bool:
    try:
        return float(value) == 1
    except ValueError:
        return value.lower() in ("true", "yes")


def _inside(root: Path, place: Path, given: str) -> Path:
    """Follow a path, links included, and refuse it where it leaves the root."""
    try:
        real = place.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{given!r}, listed for {root}, is no path: {error}.") from error
    if not real.is_relative_to(root.resolve()):
        raise InputError(
            f"{given!r} leaves the dataset's folder {root} and is refused. Paths in labels_csv "
            "are relative and stay inside."
        )
    return real


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
        return pd.read_csv(
            file, dtype=str, keep_default_na=False, skipinitialspace=True, index_col=False,
            sep=separator, encoding=encoding,
        ).fillna("")  # fmt: skip
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise InputError(
            f"labels_csv {file} cannot be read: {error}. It is a table in text: "
            "from a spreadsheet, save it as CSV."
        ) from error


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
