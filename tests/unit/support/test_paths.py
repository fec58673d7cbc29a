"""One base for relative paths: the project for conf/, the shell for what is typed."""

from pathlib import Path

import pytest

from metallmix_kedro.all_parameters import schema
from metallmix_kedro.support import as_typed, from_project, types_at
from metallmix_kedro.support.parameter_errors import known_names

HERE, PROJECT = Path("/project/here"), Path("/project")

PATHS = [
    ("target.path", "photos"),
    ("target.card", "cards/my.yml"),
    ("target.unpacked_root", "unpacked"),
    ("data_ingestion.datasets_root", "sets"),
    ("data_ingestion.unpacked_root", "unpacked"),
    ("experiment_grid.lock", "trials.lock"),
    ("experiment_grid.cache.root", "cache"),
    ("experiment_grid.weights.Xception", "x.weights.h5"),
    ("recommendation.llm.embedded.path", "tiny.gguf"),
    ("evaluation.judge.embedded.path", "tiny.gguf"),
]


def nested(name: str, value: object) -> dict:
    for key in reversed(name.split(".")):
        value = {key: value}
    return value


@pytest.mark.parametrize(("name", "path"), PATHS)
def test_every_path_starts_at_the_project(name, path):
    assert from_project(nested(name, path), schema(), PROJECT) == nested(name, f"/project/{path}")
    assert from_project(nested(name, f"/a/{path}"), schema(), PROJECT) == nested(name, f"/a/{path}")
    assert from_project(nested(name, None), schema(), PROJECT) == nested(name, None)


@pytest.mark.parametrize(("name", "path"), PATHS)
def test_what_is_typed_starts_where_it_is_typed(name, path):
    assert as_typed(nested(name, path), schema(), HERE, PROJECT) == nested(name, f"here/{path}")
    elsewhere = as_typed(nested(name, path), schema(), Path("/home/me"), PROJECT)
    assert elsewhere == nested(name, f"/home/me/{path}")
    # Both together find the same file as the shell does.
    assert from_project(elsewhere, schema(), PROJECT) == nested(name, f"/home/me/{path}")


def test_lists_of_paths_and_words_that_are_none():
    given = {
        "experiment_grid": {
            "imports": ["a.yml", "/b.yml"],
            "weights": {"A": "imagenet", "B": "pip:weights", "C": "random:7", "D": "imagenet.h5"},
            "executor": "in_process",
        },
        "target": {"name": "data/x", "modality": "CT"},
        "unknown": {"path": "x"},
    }
    found = from_project(given, schema(), PROJECT)
    assert found["experiment_grid"]["imports"] == ["/project/a.yml", "/b.yml"]
    weights = {"A": "imagenet", "B": "pip:weights", "C": "random:7", "D": "/project/imagenet.h5"}
    assert found["experiment_grid"]["weights"] == weights
    assert {key: found[key] for key in ("target", "unknown")} == {
        key: given[key] for key in ("target", "unknown")
    }


def test_the_home_folder_is_expanded_where_there_is_one(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    typed = as_typed({"target": {"path": "~/x"}}, schema(), HERE, PROJECT)
    assert typed == {"target": {"path": "/home/me/x"}}
    odd = as_typed({"target": {"path": "~no such user/x"}}, schema(), HERE, PROJECT)
    assert odd == {"target": {"path": "here/~no such user/x"}}


def test_a_parameter_whose_name_says_that_it_is_a_path_is_declared_as_one():
    named = [name for name in known_names(schema()) if name.endswith((".path", "_root", ".lock"))]
    assert len(named) >= 7
    for name in named:
        kinds = types_at(schema(), name.split("."))
        assert any(kind.get("format") == "path" for kind in kinds), name
