import json
import subprocess
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.audit import record as records
from metallmix_kedro.support.errors import ArtifactError

RUN = {
    "run_id": "2026-01-01T00.00.00.000Z",
    "pipeline_names": ["recommendation"],
    "env": "test",
    "tags": (),
    "from_nodes": ["recommendation.decide"],
    "load_versions": {"history": "v1"},
    "runner": "<kedro.runner.sequential_runner.SequentialRunner object at 0x7f00aa>",
}


def test_a_record_survives_the_disk(tmp_path):
    record = records.start_record(RUN, {"target": {"path": None}}, tmp_path)
    record.loaded["history"] = records.DatasetVersion(version="v1", sha256="0" * 64)
    path = records.write_record(tmp_path / "runs", record)
    assert records.read_record(path) == record
    assert [entry.name for entry in path.parent.iterdir()] == [f"{RUN['run_id']}.json"]


def test_a_record_holds_what_was_asked_and_no_memory_address(tmp_path):
    record = records.start_record(RUN, {}, tmp_path)
    assert record.selection == {
        "from_nodes": ["recommendation.decide"],
        "load_versions": {"history": "v1"},
    }
    assert record.runner == "SequentialRunner"
    assert record.status == "running"
    assert record.packages["metallmix-kedro"]
    assert {"kedro", "xgboost-cpu", "pandas"} <= record.packages.keys()
    assert not {"pytest", "ruff"} & record.packages.keys()


def test_writing_again_replaces_and_leaves_nothing_behind(tmp_path):
    record = records.start_record(RUN, {}, tmp_path)
    records.write_record(tmp_path, record)
    records.write_record(tmp_path, record.model_copy(update={"status": "finished"}))
    assert [entry.name for entry in tmp_path.iterdir()] == [f"{RUN['run_id']}.json"]
    assert records.list_records(tmp_path)[0].status == "finished"


def test_a_failed_write_keeps_the_earlier_state(tmp_path, monkeypatch):
    record = records.start_record(RUN, {}, tmp_path)
    path = records.write_record(tmp_path, record)
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(records.Path, "replace", full_disk)
    with pytest.raises(OSError, match="No space"):
        records.write_record(tmp_path, record.model_copy(update={"status": "failed"}))
    assert path.read_bytes() == before


def test_records_are_listed_in_the_order_they_started(tmp_path):
    first = records.start_record(RUN, {}, tmp_path)
    later = first.model_copy(
        update={"run_id": "2025-x", "started": first.started + timedelta(seconds=1)}
    )
    records.write_record(tmp_path, later)
    records.write_record(tmp_path, first)
    assert [record.run_id for record in records.list_records(tmp_path)] == [
        first.run_id,
        later.run_id,
    ]


def test_a_missing_record_names_the_command_that_lists_them(tmp_path):
    with pytest.raises(ArtifactError, match=r"no record of the run 'x'.*kedro runs"):
        records.read_record(tmp_path / "x.json")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run_id": "x"}'])
def test_a_corrupt_record_is_an_error_that_names_the_file(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(ArtifactError, match=r"x\.json cannot be read"):
        records.list_records(tmp_path)


@pytest.mark.parametrize("run_id", ["../secrets", "a/b", "", ".hidden", "a\\b", "a b"])
def test_a_run_id_cannot_leave_the_folder(tmp_path, run_id):
    with pytest.raises(ArtifactError, match="no run id"):
        records.record_path(tmp_path, run_id)


@given(st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4), max_size=5))
def test_the_hash_of_parameters_ignores_the_order_of_keys(parameters):
    turned = dict(reversed(parameters.items()))
    assert records.canonical_sha256(parameters) == records.canonical_sha256(turned)


def test_the_hash_of_parameters_sees_a_changed_value():
    assert records.canonical_sha256({"k": 8}) != records.canonical_sha256({"k": 9})


def test_the_hash_of_a_folder_sees_names_and_bytes(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_text("1")
    before = records.file_sha256(folder)
    (folder / "a").rename(folder / "b")
    renamed = records.file_sha256(folder)
    (folder / "b").write_text("2")
    assert len({before, renamed, records.file_sha256(folder)}) == 3


def test_git_state_tells_commit_and_changes(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    assert records.git_state(tmp_path) is None
    git("init", "--quiet")
    assert records.git_state(tmp_path) is None  # no commit yet
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "--quiet", "-m", "a")
    commit = git("rev-parse", "HEAD")
    assert records.git_state(tmp_path) == records.GitState(commit=commit, dirty=False)
    (tmp_path / "a").write_text("2")
    assert records.git_state(tmp_path) == records.GitState(commit=commit, dirty=True)


def test_a_record_is_stable_text(tmp_path):
    record = records.start_record(RUN, {"b": 1, "a": 2}, tmp_path)
    text = records.write_record(tmp_path, record).read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
