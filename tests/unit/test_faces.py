"""Rooms import from one another's faces alone, and a face imports nothing until it is used."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.workspace import PROJECT

SRC = PROJECT / "src/metallmix_kedro"
FACES = {path.parent.name: path for path in sorted(SRC.glob("*/__init__.pyi"))}
MODULES = sorted(SRC.rglob("*.py"))


def names(face: Path) -> list[str]:
    imports = [node for node in ast.walk(ast.parse(face.read_text())) if hasattr(node, "names")]
    return [alias.name for node in imports for alias in node.names]


def is_module(dotted: str) -> bool:
    path = SRC.parent / dotted.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def behind_faces(path: Path) -> list[str]:
    """List what a module imports of another room past its face."""
    own = path.relative_to(SRC).parts[0]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        room, _, below = module.removeprefix("metallmix_kedro.").partition(".")
        if not module.startswith("metallmix_kedro.") or room == own or room not in FACES:
            continue
        for alias in node.names:
            # A node calls what is in a module by module.function: there whole modules may be had.
            whole = own == "pipelines" and is_module(f"{module}.{alias.name}")
            if not whole and (below or alias.name not in names(FACES[room])):
                found.append(f"line {node.lineno}: {module}.{alias.name}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_other_rooms_are_entered_by_their_faces(path):
    assert behind_faces(path) == []


def test_a_way_past_a_face_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "SRC", tmp_path)
    path = tmp_path / "report/made_up.py"
    path.parent.mkdir()
    path.write_text("from metallmix_kedro.retrieval.card import IndexCard\n")
    assert behind_faces(path) == ["line 1: metallmix_kedro.retrieval.card.IndexCard"]


@pytest.mark.parametrize("room", FACES)
def test_what_a_face_names_is_there_and_is_not_called_like_a_module(room):
    face = import_module(f"metallmix_kedro.{room}")
    for name in names(FACES[room]):
        assert getattr(face, name) is not None
        # Whichever of the two is imported first would hide the other one.
        if is_module(f"metallmix_kedro.{room}.{name}"):
            assert getattr(face, name).__name__ == f"metallmix_kedro.{room}.{name}"


def test_every_room_has_a_face():
    found = {path.parent.name for path in SRC.glob("*/__init__.py")}
    assert found - set(FACES) == {
        "cli",
        "datasets",
        "pipelines",
    }  # Kedro finds these by their paths


def test_a_face_imports_nothing():
    code = f"""
import sys
for room in {list(FACES)}:
    __import__("metallmix_kedro." + room)
print(*[name for name in sys.modules if name.startswith("metallmix_kedro") and name.count(".") > 1])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
