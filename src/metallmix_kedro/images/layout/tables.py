"""Tables among the files that list the images: an offer of labels, or a check of the folders."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from metallmix_kedro.images.layout.labels_csv import read_table
from metallmix_kedro.images.layout.pattern import covering
from metallmix_kedro.images.layout.tree import base_name
from metallmix_kedro.support import InputError

_ENDINGS = (".csv", ".tsv")
_MOST_TABLES, _MOST_BYTES, _MOST_LABELS = 20, 50_000_000, 200
_LISTED = 0.5  # share of a table's lines that must be images, to be a list of them
_FEWEST = 4
_MOST_CODES = 20  # a column of more different numbers is a width or an age rather than a class
_AGREED = 0.95  # share of images: labels are corrected by hand now and then


@dataclass(frozen=True, slots=True)
class ImageTable:
    """A table that lists images.

    Parameters
    ----------
    file, path_column : str
        The table and its column with the images' names.
    labels : tuple of str
        Columns of a few values each, any of which might be the classes.
    one_hot : tuple of str
        Columns of which exactly one is 1 in each line; empty if there are none.
    measures : tuple of str
        Those of the labels that are many numbers, and so rather no classes.
    by_image : dict of str to dict of str to str
        Column to image to value, of `labels`.
    """

    file: str
    path_column: str
    labels: tuple[str, ...]
    one_hot: tuple[str, ...]
    measures: tuple[str, ...]
    by_image: Mapping[str, Mapping[str, str]]

    def offer(self) -> str:
        """Write the parameters that read the labels from it."""
        if self.one_hot:
            columns = f"label_columns: [{', '.join(map(_as_yaml, self.one_hot))}], one_hot: true"
        else:
            columns = f"label_column: {_as_yaml(self.labels[0])}"
        where = f"file: {_as_yaml(self.file)}, path_column: {_as_yaml(self.path_column)}"
        text = f"labels_csv: {{{where}, {columns}}}"
        others = self.labels[1:] if not self.one_hot else self.labels
        return text + (f" (or another column: {', '.join(others[:6])})" if others else "")


def _as_yaml(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z][\w./ -]*\w", text) else json.dumps(text)


def find_tables(root: Path, files: Sequence[str], images: Sequence[str]) -> list[ImageTable]:
    """Find the tables that list images, those that list most first.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    files : sequence of str
        All its files, relative.
    images : sequence of str
        The images among them.
    """
    tables = sorted((p for p in files if p.lower().endswith(_ENDINGS)), key=lambda p: p.count("/"))
    if not tables:
        return []
    by_name: dict[str, str] = {}
    for path in images:
        by_name.setdefault(_stem(path), path)
        by_name[_tail(path)] = path
    found = []
    for path in tables[:_MOST_TABLES]:
        if (root / path).stat().st_size <= _MOST_BYTES:
            found.append(_look(root, path, by_name))
    alike: dict[object, list[ImageTable]] = defaultdict(list)
    for table in found:
        if table is not None:
            form = (base_name(table.file), table.path_column, table.labels, table.one_hot)
            alike[form].append(table)
    listing = [_merged(tables) for tables in alike.values()]
    return sorted(listing, key=lambda table: -len(next(iter(table.by_image.values()), {})))


def _merged(tables: Sequence[ImageTable]) -> ImageTable:
    """Join tables of one form, as each of several parts has one."""
    first = tables[0]
    file = covering([table.file for table in tables], "*", "")
    merged = {
        name: {path: value for one in tables for path, value in one.by_image[name].items()}
        for name in first.by_image
    }
    return replace(first, file=file, by_image=merged)


def _look(root: Path, file: str, by_name: Mapping[str, str]) -> ImageTable | None:
    try:
        frame = read_table(root / file)
    except InputError:
        return None  # nobody asked for it
    for column in frame.columns:
        chosen = [by_name.get(_tail(value)) for value in frame[column]]
        known = [image is not None for image in chosen]
        if sum(known) >= max(_FEWEST, _LISTED * len(chosen)):
            listed = frame[known].assign(**{column: [one for one in chosen if one is not None]})
            return _describe(file, str(column), listed)
    return None


def _tail(path: str) -> str:
    """Reduce a path to folder and name: 00000.png may lie in more than one folder."""
    folders, _, _ = path.strip().replace("\\", "/").strip("/").rpartition("/")
    folder = folders.rpartition("/")[2].casefold()
    return f"{folder}/{_stem(path)}" if folder else _stem(path)


def _stem(path: str) -> str:
    name = path.strip().replace("\\", "/").rpartition("/")[2]
    return re.sub(r"\.[A-Za-z][A-Za-z0-9]{1,4}$", "", name).casefold()


def _describe(file: str, column: str, frame: pd.DataFrame) -> ImageTable | None:
    others = [name for name in frame.columns if name != column]
    binary = [name for name in others if set(frame[name].str.strip()) <= {"0", "1", "0.0", "1.0"}]
    one_hot: tuple[str, ...] = ()
    if len(binary) > 1 and (frame[binary].astype(float).sum(axis=1) == 1).mean() > 0.95:
        one_hot = tuple(binary)
    most = min(_MOST_LABELS, len(frame) / 2)
    labels = [name for name in others if name not in one_hot and 2 <= frame[name].nunique() <= most]
    if not labels and not one_hot:
        return None
    by_image = {name: dict(zip(frame[column], frame[name], strict=True)) for name in labels}
    if one_hot:
        by_image["one-hot"] = dict(
            zip(frame[column], frame[list(one_hot)].astype(float).idxmax(axis=1), strict=True)
        )
    measures = tuple(name for name in labels if _measures(frame[name]))
    labels.sort(key=lambda name: name in measures)
    return ImageTable(file, column, tuple(labels), one_hot, measures, by_image)


def _measures(column: pd.Series) -> bool:
    numbers = pd.to_numeric(column, errors="coerce")
    return bool(numbers.notna().all() and numbers.nunique() > _MOST_CODES)


def agrees(table: ImageTable, classes: Mapping[str, str]) -> bool | None:
    """Whether a column says the same as the folders; None if it lists too few of their images.

    Parameters
    ----------
    table : ImageTable
    classes : dict of str to str
        Image to class, by the folders.
    """
    enough = False
    for name, values in table.by_image.items():
        pairs = {path: label for path, label in values.items() if path in classes}
        if len(pairs) < max(_FEWEST, 0.1 * len(classes)):
            continue
        enough |= name not in table.measures
        # Each label lies in one folder, nearly, and each folder has a label: it may be a finer one.
        both = pd.crosstab([classes[path] for path in pairs], np.array(list(pairs.values())))
        within = both.max(axis=0).sum() / len(pairs)
        if within > _AGREED and len(both) > 1 and both.idxmax(axis=0).nunique() == len(both):
            return True
    return False if enough else None
