"""Tables among the files that list the images: an offer of labels, or a check of the folders."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import basename, dirname
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from metallmix_kedro.images.layout.labels_csv import KnownFiles, read_table
from metallmix_kedro.images.layout.pattern import covering
from metallmix_kedro.support import InputError

_ENDINGS = (".csv", ".tsv")
_MOST_TABLES, _MOST_BYTES, _MOST_LABELS = 20, 50_000_000, 200
_LISTED = 0.5  # share of a table's lines that must be images, to be a list of them
_FEWEST = 4
_MOST_CODES = 20  # a column of more different numbers is a width or an age rather than a class
_AGREED = 0.95  # share of images: labels are corrected by hand now and then


@dataclass(frozen=True, slots=True, eq=False)
class ImageTable:
    """A table that lists images.

    Parameters
    ----------
    file, path_column : str
        The table and its column with the images' names.
    one_hot : tuple of str
        Columns of which exactly one is 1 in each line; empty if there are none.
    labels : pandas.DataFrame
        A row an image, its path as index; columns of a few values each, any of which might be the
        classes. If there are one-hot columns, their names are the first.
    """

    file: str
    path_column: str
    one_hot: tuple[str, ...]
    labels: pd.DataFrame

    def offer(self) -> str:
        """Write the parameters that read the labels from it."""
        first, *others = map(str, self.labels)
        columns = f"label_column: {_as_yaml(first)}"
        if self.one_hot:
            columns = f"label_columns: [{', '.join(map(_as_yaml, self.one_hot))}], one_hot: true"
        where = f"file: {_as_yaml(self.file)}, path_column: {_as_yaml(self.path_column)}"
        text = f"labels_csv: {{{where}, {columns}}}"
        return text + (f" (or another column: {', '.join(others[:6])})" if others else "")


def _as_yaml(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z][\w./ -]*\w", text) else json.dumps(text)


def find_tables(root: Path, files: Sequence[str]) -> list[ImageTable]:
    """Find the tables that list images, those that list most first.

    Tables of one form, as each of several parts has one, are one.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    files : sequence of str
        All its files, relative.
    """
    paths = sorted((p for p in files if p.lower().endswith(_ENDINGS)), key=lambda p: p.count("/"))
    known = KnownFiles(files if paths else ())
    alike: dict[object, list[ImageTable]] = defaultdict(list)
    for path in paths[:_MOST_TABLES]:
        if (table := _look(root, path, known)) is not None:
            form = (basename(path), table.path_column, table.one_hot, *table.labels)
            alike[form].append(table)
    merged = [
        replace(
            tables[0],
            file=covering([table.file for table in tables], "*", ""),
            labels=pd.concat([table.labels for table in tables]),
        )
        for tables in alike.values()
    ]
    return sorted(merged, key=lambda table: -len(table.labels))


def _look(root: Path, file: str, known: KnownFiles) -> ImageTable | None:
    try:
        if (root / file).stat().st_size > _MOST_BYTES:
            return None
        frame = read_table(root / file)
    except InputError:
        return None  # nobody asked for it
    for column in frame:
        # Thousands of lines repeat a handful of values, of labels say.
        found = {value: _found(value, file, known) for value in frame[column].unique()}
        images = frame[column].map(found)
        if images.notna().sum() >= max(_FEWEST, _LISTED * len(frame)):
            rows = frame.drop(columns=column).set_index(images)
            return _describe(file, str(column), rows[rows.index.notna()])
    return None


def _found(value: str, file: str, known: KnownFiles) -> str | None:
    try:
        return known.find(value, [dirname(file)])[0] if value else None
    except InputError:
        return None  # no path


def _describe(file: str, column: str, rows: pd.DataFrame) -> ImageTable | None:
    numbers = rows.apply(pd.to_numeric, errors="coerce")
    names = list(map(str, rows))
    binary = [name for name in names if numbers[name].isin([0, 1]).all()]
    one_hot: tuple[str, ...] = ()
    if len(binary) > 1 and (numbers[binary].sum(axis=1) == 1).mean() > _AGREED:
        one_hot = tuple(binary)
    most = min(_MOST_LABELS, len(rows) / 2)
    labels = [name for name in names if name not in one_hot and 2 <= rows[name].nunique() <= most]
    labels = [
        name for name in labels if numbers[name].isna().any() or rows[name].nunique() <= _MOST_CODES
    ]
    if not labels and not one_hot:
        return None
    shown = rows[labels]
    if one_hot:
        shown.insert(0, "one-hot", numbers[list(one_hot)].idxmax(axis=1))
    return ImageTable(file, column, one_hot, shown)


def agrees(table: ImageTable, classes: Mapping[str, str]) -> bool | None:
    """Whether a column says the same as the folders; None if it lists too few of their images.

    Parameters
    ----------
    table : ImageTable
    classes : dict of str to str
        Image to class, by the folders.
    """
    listed = table.labels[table.labels.index.isin(list(classes))]
    if len(listed) < max(_FEWEST, 0.1 * len(classes)):
        return None
    folders = listed.index.map(classes)
    return any(_is_finer(folders.to_numpy(), listed[name].to_numpy()) for name in listed)


def _is_finer(folders: NDArray[Any], labels: NDArray[Any]) -> bool:
    """Whether each label lies in one folder, nearly, and each folder has a label of its own."""
    both = pd.crosstab(folders, labels)
    within = both.max(axis=0).sum() / both.to_numpy().sum()
    return bool(within > _AGREED and len(both) > 1 and both.idxmax(axis=0).nunique() == len(both))
