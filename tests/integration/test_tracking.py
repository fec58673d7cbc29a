"""Runs logged to MLflow, where a parameter asks for it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from metallmix_kedro.support.errors import MissingExtraError, ParameterError
from metallmix_kedro.tracking.hook import TrackingHooks
from tests.conftest import save_history
from tests.workspace import Workspace

WITHOUT_MODEL = {"recommendation": {"llm": {"provider": "none"}}}


def logged(uri: str) -> list[Any]:
    mlflow = pytest.importorskip("mlflow", reason="needs the extra [mlflow]")
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("metallmix-kedro")
    return list(client.search_runs([experiment.experiment_id], order_by=["start_time"]))


@pytest.fixture
def uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    pytest.importorskip("mlflow", reason="needs the extra [mlflow]")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_recommendations_and_histories_are_logged(fabricated: Workspace, uri: str) -> None:
    tracking = {"tracking": {"mlflow": uri}}
    fabricated.run("recommendation", params={**WITHOUT_MODEL, **tracking})
    fabricated.run("experiment_grid", params=tracking, tags=["import"])
    broken = fabricated.latest("06_models/accuracy/retrieval_card.json")
    broken.write_text("{}")
    with pytest.raises(Exception, match="retrieval"):
        fabricated.run("recommendation", params={**WITHOUT_MODEL, **tracking})
    first, second, third = logged(uri)

    made = json.loads(fabricated.latest("07_model_output/recommendation.json").read_text("utf-8"))
    assert first.data.metrics["recommendation.score.value"] == made["score"]["value"]
    assert (
        first.data.params["recommendation.configuration.backbone"]
        == made["configuration"]["backbone"]
    )
    assert first.data.params["recommendation.llm.provider"] == "none"
    artifacts = Path(first.info.artifact_uri)
    report = fabricated.latest("07_model_output/recommendation_report.html").read_text("utf-8")
    assert (artifacts / "recommendation_report.html").read_text("utf-8") == report

    assert second.info.run_name == "experiment_grid"
    assert second.data.metrics["history_summary.counts.trials"] == 222
    assert [run.info.status for run in (first, second, third)] == ["FINISHED"] * 2 + ["FAILED"]


def test_a_training_is_logged(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # MLflow keeps artifacts there
    scores = {"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95}}
    card = {
        "name": "shapes",
        "configuration": {"backbone": "Xception"},
        "scores": scores,
        "training": {"seconds": 7.5},
    }
    report = "<!doctype html>"
    made = {"model_card": card, "training_report": report}
    pipeline = Pipeline([Node(lambda: (card, report), None, list(made), name="train")])
    catalog = DataCatalog({name: MemoryDataset(one) for name, one in made.items()})
    hooks = TrackingHooks()
    hooks._parameters = {
        "tracking": {"mlflow": uri},
        "objective": "accuracy",
        "target": {"path": "images"},
        "training": {"folds": 5},
    }
    hooks.before_pipeline_run({"pipeline_names": ["training"]}, pipeline)
    hooks.after_pipeline_run(pipeline, catalog)
    (run,) = logged(uri)
    assert (run.info.run_name, run.info.status) == ("training", "FINISHED")
    assert run.data.metrics == {
        "model_card.scores.accuracy.value": 0.9,
        "model_card.scores.accuracy.low": 0.8,
        "model_card.scores.accuracy.high": 0.95,
        "model_card.training.seconds": 7.5,
    }
    assert run.data.params["model_card.configuration.backbone"] == "Xception"
    assert run.data.params["training.folds"] == "5"
    artifacts = Path(run.info.artifact_uri)
    assert (artifacts / "training_report.html").read_text("utf-8") == report
    assert json.loads((artifacts / "model_card.json").read_text("utf-8")) == card


def test_a_replay_is_not_logged(fabricated: Workspace, uri: str) -> None:
    fabricated.run("recommendation", params={**WITHOUT_MODEL, "tracking": {"mlflow": uri}})
    done = fabricated.kedro("replay", "latest")
    assert done.returncode == 0, done.stderr
    assert len(logged(uri)) == 1


def test_a_store_that_cannot_be_written_stops_the_run(workspace: Workspace, uri: str) -> None:
    save_history(workspace, seed=0)
    for wrong in ("http://127.0.0.1:9", "mlruns"):
        with pytest.raises(ParameterError, match=r"tracking.mlflow = .*MLflow cannot log there"):
            workspace.run(
                "experiment_grid", params={"tracking": {"mlflow": wrong}}, tags=["import"]
            )
    assert not (workspace.data / "08_reporting/import_report.json").exists()


def test_without_the_package_the_extra_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_history(workspace, seed=0)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"\[mlflow\]"):
        workspace.run(
            "experiment_grid", params={"tracking": {"mlflow": "sqlite:///x.db"}}, tags=["import"]
        )


def test_a_store_that_goes_away_undoes_nothing(
    workspace: Workspace,
    uri: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    save_history(workspace, seed=0)

    def gone(*_: object) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr("metallmix_kedro.tracking.mlflow_run.MlflowRun.log_metrics", gone)
    workspace.run("experiment_grid", params={"tracking": {"mlflow": uri}}, tags=["import"])
    assert workspace.records()[-1]["status"] == "finished"
    assert "tracking.mlflow: the run could not be logged to its end: gone" in caplog.text


def test_a_password_does_not_belong_in_a_file(workspace: Workspace) -> None:
    with pytest.raises(ParameterError, match=r"tracking.mlflow = .* leave name and password out"):
        workspace.run("retrieval", params={"tracking": {"mlflow": "http://me:secret@there"}})
