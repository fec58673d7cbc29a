"""The map is true: what it names is there."""

import re

import pytest

from tests.workspace import PROJECT

MAP = (PROJECT / "docs/architecture.md").read_text()
SRC = PROJECT / "src/metallmix_kedro"
_, _, CHANGES = MAP.partition("## If you want to change X, open Y")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in CHANGES.splitlines()
    if line.startswith("| ") and not line.startswith(("| to change", "| ---"))
]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def opened(row: list[str]) -> str:
    """Return all that stands in the files of a row; of a folder, the names of what is in it."""
    texts = []
    for name in quoted(row[1]):
        if name == "parameters.py":  # "the room's"
            continue
        path = PROJECT / name if name.startswith(("conf/", "docs/")) else SRC / name
        assert path.exists(), name
        texts.append(
            " ".join(str(found) for found in path.rglob("*")) if path.is_dir() else path.read_text()
        )
    return "\n".join(texts)


def test_the_map_has_rows_enough():
    assert len(ROWS) >= 20
    assert all(len(row) == 3 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_is_to_be_changed_stands_in_the_files_that_are_named(row):
    text = opened(row)
    assert quoted(row[2])
    assert [name for name in quoted(row[2]) if name not in text] == []


def test_every_room_is_on_the_map():
    rooms, _, _ = MAP.partition("## If you want")
    found = {path.parent.name for path in SRC.glob("*/__init__.py")}
    assert {room for room in found if f"`{room}`" not in rooms} == set()
