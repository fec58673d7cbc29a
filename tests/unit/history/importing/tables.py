"""Tables and mapping files as tests write them."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

HEADER = ("data", "net", "acc", "secs", "state")
ROWS = (
    ("scans", "ResNet50", "0.91", "12.5", "done"),
    ("scans", "TheirNet", "0.88", "7", "done"),
    ("leaves", "ResNet50", "0.75", "3", "done"),
    ("leaves", "TheirNet", "", "", "broken"),
)
MAPPING: dict[str, Any] = {
    "name": "theirs",
    "file": "trials.csv",
    "columns": {
        "dataset": "data",
        "backbone": "net",
        "test_accuracy": "acc",
        "training_time_s": "secs",
        "status": "state",
    },
    "constants": {"modality": "natural"},
    "values": {"status": {"done": "finished", "broken": "failed"}},
}


def write_csv(
    path: Path, rows: Sequence[Sequence[str]] = ROWS, header: Sequence[str] = HEADER
) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_mapping(folder: Path, **changes: Any) -> Path:
    """Write the mapping with keys changed; those that are None are left out."""
    keys = {key: value for key, value in {**MAPPING, **changes}.items() if value is not None}
    path = folder / f"{keys.get('name', 'mapping')}.yml"
    path.write_text(yaml.safe_dump(keys, sort_keys=False), encoding="utf-8")
    return path


def changed(row: int, **cells: str) -> list[tuple[str, ...]]:
    """Return the rows with cells of one of them changed, by their column names."""
    rows = [list(each) for each in ROWS]
    for column, value in cells.items():
        rows[row][HEADER.index(column)] = value
    return [tuple(each) for each in rows]
