"""Every run leaves a record, and a recorded recommendation can be made again to the byte."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from metallmix_kedro.audit.record import RunRecord
from metallmix_kedro.audit.replaying import ReplayReport, replay
from metallmix_kedro.explanation import llm
from metallmix_kedro.support.errors import ArtifactError
from tests.conftest import save_history
from tests.workspace import Workspace

NO_LLM = {"recommendation": {"llm": {"provider": "none"}}}
RECOMMENDATION = "07_model_output/recommendation.json"
HISTORY = "05_model_input/history.parquet"


def latest_record(workspace: Workspace) -> RunRecord:
    return RunRecord.model_validate(workspace.records()[-1])


def replay_of(workspace: Workspace, record: RunRecord) -> ReplayReport:
    return replay(record, workspace.folder)


@pytest.fixture
def recommended(fabricated: Workspace) -> Workspace:
    fabricated.run("recommendation", params=NO_LLM)
    return fabricated


def test_a_record_says_what_ran_from_what_to_what(recommended):
    record = latest_record(recommended)
    assert record.status == "finished"
    assert record.pipelines == ["recommendation"]
    assert record.parameters["recommendation"]["llm"]["provider"] == "none"
    assert record.loaded["history"].version == recommended.versions(HISTORY)[-1]
    assert record.saved["recommendation"].version == record.run_id
    assert record.ended >= record.started
    assert not (set(record.loaded) & set(record.saved))


def test_the_recommendation_names_the_versions_that_the_record_names(recommended):
    record = latest_record(recommended)
    stored = json.loads(recommended.latest(RECOMMENDATION).read_text())
    assert stored["provenance"]["input_versions"] == {
        name: entry.version for name, entry in sorted(record.loaded.items())
    }


def test_a_replay_is_identical_and_stores_nothing(recommended):
    def files() -> set[Path]:
        return {path for path in recommended.data.rglob("*") if path.parent.name != "runs"}

    before = files()
    report = replay_of(recommended, latest_record(recommended))
    assert report.identical
    assert {output.name for output in report.outputs} == {
        "target_meta_features",
        "evidence",
        "recommendation",
        "learning_curve_plot",
        "pareto_plot",
        "intervals_plot",
        "contributions_plot",
        "attributions_plot",
        "recommendation_report",
    }
    assert files() == before


@pytest.mark.slow
def test_a_replay_is_identical_after_everything_upstream_has_changed(recommended):
    record = latest_record(recommended)
    before = recommended.latest(RECOMMENDATION).read_bytes()
    save_history(recommended, seed=1)
    recommended.run("meta_learning", "explainability", "retrieval")
    parameters = recommended.conf / "base/parameters/recommendation.yml"
    parameters.write_text(parameters.read_text().replace("n_trials: 8", "n_trials: 3"))

    assert replay_of(recommended, record).identical
    recommended.run("recommendation", params=NO_LLM)
    assert recommended.latest(RECOMMENDATION).read_bytes() != before  # the change does matter


def test_load_versions_repeat_it_as_well(recommended):
    record = latest_record(recommended)
    before = recommended.latest(RECOMMENDATION).read_bytes()
    save_history(recommended, seed=1)
    versions = {name: entry.version for name, entry in record.loaded.items()}
    recommended.run("recommendation", params=NO_LLM, load_versions=versions)
    assert len(recommended.versions(RECOMMENDATION)) == 2
    assert recommended.latest(RECOMMENDATION).read_bytes() == before


def test_no_language_model_is_asked_again(recommended, monkeypatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(llm, "ask", never)
    assert replay_of(recommended, latest_record(recommended)).identical


def test_a_tampered_recommendation_is_told_with_its_lines(recommended):
    record = latest_record(recommended)
    path = recommended.latest(RECOMMENDATION)
    written = path.read_text()
    decider = json.loads(written)["decided_by"]
    path.write_text(written.replace(f'"decided_by": "{decider}"', '"decided_by": "llm"'))
    report = replay_of(recommended, record)
    output = next(output for output in report.outputs if output.name == "recommendation")
    assert not report.identical
    assert output.identical
    assert output.stored_intact is False
    assert output.differences[1:] == ('-  "decided_by": "llm",', f'+  "decided_by": "{decider}",')


def test_a_tampered_input_is_told(recommended):
    record = latest_record(recommended)
    path = recommended.latest(HISTORY)
    history = pd.read_parquet(path)
    history.assign(test_accuracy=history["test_accuracy"] * 0.5).to_parquet(path, index=False)
    report = replay_of(recommended, record)
    assert report.changed_inputs == (f"history:{record.loaded['history'].version}",)
    assert not report.identical


def test_a_deleted_result_is_told(recommended):
    record = latest_record(recommended)
    recommended.latest(RECOMMENDATION).unlink()
    report = replay_of(recommended, record)
    output = next(output for output in report.outputs if output.name == "recommendation")
    assert output.identical
    assert output.stored_intact is None
    assert not report.identical


def test_a_deleted_input_is_an_error_that_names_it(recommended):
    record = latest_record(recommended)
    recommended.latest("06_models/accuracy/score_model.json").unlink()
    with pytest.raises(ArtifactError, match=f"score_model:{record.loaded['score_model'].version}"):
        replay_of(recommended, record)


def test_a_run_without_a_recommendation_cannot_be_replayed(fabricated):
    with pytest.raises(ArtifactError, match="saved no recommendation"):
        replay_of(fabricated, latest_record(fabricated))


def test_another_package_version_is_told(recommended):
    record = latest_record(recommended)
    packages = {**record.packages, "numpy": "0.0.1", "gone": "1.0"}
    report = replay_of(recommended, record.model_copy(update={"packages": packages}))
    assert report.changed_packages["numpy"] == ("0.0.1", record.packages["numpy"])
    assert report.changed_packages["gone"] == ("1.0", "")


def _raise(error: BaseException) -> Callable[..., None]:
    def raising(*_: object, **__: object) -> None:
        raise error

    return raising


def test_a_failed_run_leaves_a_record_of_its_error(fabricated, monkeypatch):
    monkeypatch.setattr(llm, "ask", _raise(RuntimeError("no more")))
    with pytest.raises(RuntimeError):
        fabricated.run("recommendation", params=NO_LLM)
    record = latest_record(fabricated)
    assert record.status == "failed"
    assert record.error == "RuntimeError: no more"
    assert "evidence" in record.saved
    assert "recommendation" not in record.saved


def test_a_killed_run_leaves_a_record_that_it_was_running(fabricated, monkeypatch):
    monkeypatch.setattr(llm, "ask", _raise(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        fabricated.run("recommendation", params=NO_LLM)
    record = latest_record(fabricated)
    assert record.status == "running"
    assert record.loaded
