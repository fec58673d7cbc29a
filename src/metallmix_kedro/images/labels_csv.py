"""Labels that stand in a CSV file instead of in folder names."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from metallmix_kedro.images.parameters import LabelsCsv
from metallmix_kedro.support import InputError


def read_labels(root: Path, table: LabelsCsv) -> Iterator[tuple[str, str]]:
    """Read the labels of a dataset's images.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    table : LabelsCsv
        The CSV, its columns, and the folders in which its paths are looked up.

    Yields
    ------
    tuple of str
        Label (empty if there is none) and path relative to `root`: the first of the folders that
        has the file, else the first folder.

    Raises
    ------
    InputError
        If the CSV is missing, cannot be read or lacks a column, or if one of its paths leaves the
        dataset's folder.
    """
    file = _inside(root, root / table.file, table.file)
    frame = _read(file, table)
    folders = [_inside(root, file.parent / folder, folder) for folder in table.folders]
    rows = frame[[table.label_column, table.path_column]].itertuples(index=False, name=None)
    for label, path in rows:
        if not path.strip():
            raise InputError(f"{file} has a line without a path in column '{table.path_column}'.")
        candidates = [_inside(root, folder / path.strip(), path) for folder in folders]
        chosen = next((place for place in candidates if place.is_file()), candidates[0])
        yield label.strip(), chosen.relative_to(root.resolve()).as_posix()


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


def _read(file: Path, table: LabelsCsv) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            file, dtype=str, keep_default_na=False, skipinitialspace=True, index_col=False
        )
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise InputError(f"labels_csv {file} cannot be read: {error}.") from error
    for column in (table.path_column, table.label_column):
        if column not in frame.columns:
            raise InputError(
                f"labels_csv {file} has no column '{column}'; it has {', '.join(frame.columns)}."
            )
    return frame.fillna("")
