import json
from pathlib import Path

import pytest
from kedro.io import DatasetError

from metallmix_kedro.datasets.trial_store import TrialStoreDataset


def store(folder: Path) -> TrialStoreDataset:
    return TrialStoreDataset(path=str(folder / "trials"))


def trial(name: str, score: float = 0.5) -> dict[str, object]:
    return {"trial_id": name, "test_accuracy": score}


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_an_empty_store_loads_nothing(tmp_path: Path) -> None:
    empty = store(tmp_path)
    assert empty.load() == {}
    assert not empty.exists()


def test_trials_are_added_to_those_already_there(tmp_path: Path) -> None:
    store(tmp_path).save({"roses/1": trial("1")})
    store(tmp_path).save({"roses/2": trial("2"), "tulips/3": trial("3")})
    loaded = store(tmp_path).load()
    assert list(loaded) == ["roses/1", "roses/2", "tulips/3"]
    assert {name: load() for name, load in loaded.items()} == {
        "roses/1": trial("1"),
        "roses/2": trial("2"),
        "tulips/3": trial("3"),
    }
    assert store(tmp_path).exists()
    assert files(tmp_path / "trials") == ["roses/1.json", "roses/2.json", "tulips/3.json"]


def test_a_trial_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    store(tmp_path).save({"roses/1": trial("1")})
    (load,) = store(tmp_path).load().values()
    store(tmp_path).save({"roses/1": trial("1", 0.75)})
    assert load()["test_accuracy"] == 0.75


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    store(tmp_path).save({"roses/1": trial("1")})
    with pytest.raises(DatasetError):
        store(tmp_path).save({"roses/1": {"trial_id": object()}})
    assert files(tmp_path / "trials") == ["roses/1.json"]
    assert store(tmp_path).load()["roses/1"]() == trial("1")


def test_trials_before_the_one_that_fails_are_kept(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        store(tmp_path).save({"roses/1": trial("1"), "roses/2": {"trial_id": object()}})
    assert list(store(tmp_path).load()) == ["roses/1"]


def test_half_a_file_of_a_killed_run_is_not_a_trial(tmp_path: Path) -> None:
    store(tmp_path).save({"roses/1": trial("1")})
    folder = tmp_path / "trials/roses"
    (folder / ".x7ab.part").write_text('{"trial_id": "2", "test_acc')
    (folder / ".hidden.json").write_text("{}")
    (folder / "notes.txt").write_text("not a trial")
    (tmp_path / "trials/loose.json").write_text("{}")
    assert list(store(tmp_path).load()) == ["roses/1"]


def test_a_file_that_was_damaged_fails_alone(tmp_path: Path) -> None:
    store(tmp_path).save({"roses/1": trial("1"), "roses/2": trial("2")})
    path = tmp_path / "trials/roses/2.json"
    path.write_text(path.read_text()[:-9])
    loaded = store(tmp_path).load()
    assert loaded["roses/1"]() == trial("1")
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        loaded["roses/2"]()


def test_a_stored_trial_is_json_that_others_can_read(tmp_path: Path) -> None:
    store(tmp_path).save({"roses/1": trial("1", 0.25)})
    assert json.loads((tmp_path / "trials/roses/1.json").read_text()) == trial("1", 0.25)
