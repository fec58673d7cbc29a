"""Trials read from stores that MLflow and Optuna themselves have written."""

import hashlib
import json
import os
import shutil
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from metallmix_kedro.history.importing.importer import import_history
from metallmix_kedro.support.errors import InputError, MissingExtraError
from tests.workspace import PROJECT

mlflow = pytest.importorskip("mlflow", reason="needs the extra [mlflow]")
optuna = pytest.importorskip("optuna", reason="needs the extra [optuna]")

EXAMPLES = PROJECT / "docs/examples"


def log_runs(client):
    """Log an experiment with runs of all kinds, and another one."""
    vision = client.create_experiment("vision")
    client.create_experiment("sound")
    client.delete_experiment(client.create_experiment("gone"))
    scores = {
        "first": (0.91, "FINISHED"),
        "second": (0.88, "FINISHED"),
        "broken": (None, "FAILED"),
        "killed": (0.2, "KILLED"),
        "deleted": (0.3, "FINISHED"),
        "running": (0.1, None),
    }
    for number, (name, (accuracy, status)) in enumerate(scores.items(), start=1):
        run = client.create_run(vision, start_time=1000 * number, run_name=name).info.run_id
        client.log_param(run, "data", "leaves")
        client.log_param(run, "backbone", "TheirNet")
        client.log_param(run, "optimizer.lr", 0.001)
        if accuracy is not None:
            client.log_metric(run, "test/acc", 0.5, step=1)
            client.log_metric(run, "test/acc", accuracy, step=2)
        if status is not None:
            client.set_terminated(run, status, end_time=1000 * number + 1500)
        if name == "deleted":
            client.delete_run(run)


@pytest.fixture(scope="module")
def sqlite_store(tmp_path_factory):
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    log_runs(mlflow.MlflowClient(f"sqlite:///{path}"))
    return path


@pytest.fixture
def store(sqlite_store, tmp_path):
    """An SQLite store beside the example that reads it."""
    shutil.copy(sqlite_store, tmp_path)
    return Path(shutil.copy(EXAMPLES / "mlflow_store.yml", tmp_path))


@pytest.fixture
def storage(tmp_path):
    """An Optuna storage beside the example that reads it."""
    url = f"sqlite:///{tmp_path / 'study.db'}"
    other = optuna.create_study(storage=url, study_name="other")
    other.add_trial(optuna.trial.create_trial(value=0.1))
    optuna.create_study(storage=url, study_name="gone")
    optuna.delete_study(study_name="gone", storage=url)
    study = optuna.create_study(storage=url, study_name="backbones")
    for value, state in ((0.9, "COMPLETE"), (0.9, "COMPLETE"), (0.4, "PRUNED"), (None, "FAIL")):
        trial = study.ask()
        trial.suggest_categorical("backbone", ["TheirNet"])
        trial.suggest_float("lr", 0.001, 0.001)
        if state == "PRUNED":
            trial.report(value, step=0)
        study.tell(trial, None if state == "PRUNED" else value, optuna.trial.TrialState[state])
    study.ask()
    return Path(shutil.copy(EXAMPLES / "optuna_storage.yml", tmp_path))


def changed(mapping, **keys):
    """Write the mapping with keys changed; those that are None are left out."""
    said = {**yaml.safe_load(mapping.read_text("utf-8")), **keys}
    kept = {key: value for key, value in said.items() if value is not None}
    mapping.write_text(yaml.safe_dump(kept), encoding="utf-8")
    return mapping


def refused(mapping, message, **keys):
    with pytest.raises(InputError, match=message) as error:
        import_history(changed(mapping, **keys))
    assert str(mapping) in str(error.value)
    return str(error.value)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_runs_that_ended_are_trials(store, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    before = digest(tmp_path / "mlflow.db")
    trials, report = import_history(store)
    assert trials["test_accuracy"].tolist()[:2] == [0.91, 0.88]
    assert trials["status"].tolist() == ["finished", "finished", "failed"]
    assert set(trials["learning_rate"]) == {0.001}
    assert set(trials["training_time_s"]) == {1.5}
    assert (report["rows"], report["left_out"]) == (5, 2)
    assert report["file"] == "sqlite:///mlflow.db, experiment vision"
    # Nothing is written, neither into the store nor around it, and it is the same once more.
    assert digest(tmp_path / "mlflow.db") == before
    assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db", store.name, "elsewhere"}
    assert not list(elsewhere.iterdir())
    again, second = import_history(store)
    assert again["trial_id"].tolist() == trials["trial_id"].tolist()
    assert second == report


def test_a_folder_and_an_sqlite_file_give_the_same_trials(store, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    log_runs(mlflow.MlflowClient(str(tmp_path / "mlruns")))
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE")
    before = dict(os.environ)
    expected, _ = import_history(store)
    for address in ("mlruns", (tmp_path / "mlruns").as_uri()):
        trials, _ = import_history(changed(store, file={"mlflow": address, "experiment": "vision"}))
        assert expected.drop(columns="trial_id").equals(trials.drop(columns="trial_id"))
    # Reading allows folders; a run that is logged later in the same process must not see that.
    assert dict(os.environ) == before


def test_what_a_mapping_says_of_the_status_counts(store):
    words = changed(store, values={"status": {"KILLED": "failed"}})
    trials, _ = import_history(words)
    assert trials["status"].tolist() == ["finished", "finished", "failed", "failed"]


def test_a_bad_run_is_named_by_its_id(store):
    columns = yaml.safe_load(store.read_text("utf-8"))["columns"]
    message = refused(store, "3 of 3 rows", columns={**columns, "test_f1": "run_name"})
    assert "row 1 (run_id " in message
    assert "), column 'run_name', test_f1: 'first' is not a number" in message


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            {"mlflow": "sqlite:///mlflow.db", "experiment": "visoin"},
            "file.experiment: .* has no 'visoin'; there are: 'Default', 'sound', 'vision'",
        ),
        (
            {"mlflow": "sqlite:///mlflow.db", "experiment": "gone"},
            "has no 'gone'; there are: 'Default', 'sound', 'vision'",
        ),
        (
            {"mlflow": "sqlite:///mlflow.db", "experiment": "sound"},
            "has no row to import",
        ),
        (
            {"mlflow": "sqlite:///other.db", "experiment": "vision"},
            "file.mlflow: .*other.db is mis",
        ),
        ({"mlflow": "mlruns", "experiment": "vision"}, "file.mlflow: .*mlruns is no folder in whi"),
        (
            {"mlflow": "mysql://there/x", "experiment": "vision"},
            "file.mlflow = .* allowed is a fol",
        ),
        (
            {"mlflow": "http://me:pw@localhost", "experiment": "v"},
            "leave name and password out",
        ),
        ({"mlflow": "sqlite:///mlflow.db"}, "file.experiment is missing"),
        ({"mlflow": "sqlite:///mlflow.db", "experimnt": "v"}, "Did you mean file.experiment"),
        ({"wandb": "there"}, "file = .* allowed is text, .* or a mapping"),
    ],
)
def test_what_cannot_be_read_is_named(store, file, message):
    refused(store, message, file=file)


def test_a_column_that_no_run_has_is_named(store):
    columns = yaml.safe_load(store.read_text("utf-8"))["columns"]
    columns["test_accuracy"] = "metrics.test_acc"
    refused(store, "no column 'metrics.test_acc'; did you mean 'metrics.test/acc'", columns=columns)


@pytest.mark.parametrize("content", [b"no database at all, but long enough", None])
def test_a_file_that_holds_no_store_is_left_as_it_is(store, storage, tmp_path, content):
    for name, mapping in (("mlflow.db", store), ("study.db", storage)):
        path = tmp_path / name
        path.unlink()
        if content is None:
            with sqlite3.connect(path) as made:
                made.execute("CREATE TABLE notes (text)")
        else:
            path.write_bytes(content)
        before = digest(path)
        refused(mapping, "file.(mlflow|optuna): .*not a database|has no '(vision|backbones)'")
        assert digest(path) == before


def test_a_store_of_another_version_says_how_it_is_brought_up_to_date(store, storage, tmp_path):
    for name in ("mlflow.db", "study.db"):
        with sqlite3.connect(tmp_path / name) as made:
            made.execute("UPDATE alembic_version SET version_num = 'older'")
    refused(store, "file.mlflow: .*mlflow db upgrade")
    refused(storage, "file.optuna: .*cannot be read")


def test_a_server_is_asked(store):
    class Server(BaseHTTPRequestHandler):
        """As much of MLflow's REST interface as is needed; the runs come in two pages."""

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path.endswith("experiments/search"):
                return self.say({"experiments": [{"experiment_id": "7", "name": "vision"}]})
            assert asked["experiment_ids"] == ["7"]
            token = asked.get("page_token")
            further = {} if token else {"next_page_token": "two"}
            return self.say({"runs": [run(token or "one")], **further})

        def do_GET(self):
            self.do_POST() if "search" in self.path else self.send_error(404)

        def say(self, answer):
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format, *args):
            """Keep quiet."""

    def run(name):
        params = {"data": "leaves", "backbone": name, "optimizer.lr": "0.1"}
        return {
            "info": {"run_id": name, "run_name": name, "status": "FINISHED", "experiment_id": "7",
                     "start_time": 1000, "end_time": 2000, "lifecycle_stage": "active"},
            "data": {
                "params": [{"key": key, "value": value} for key, value in params.items()],
                "metrics": [{"key": "test/acc", "value": 0.5, "timestamp": 1, "step": 0}],
            },
        }  # fmt: skip

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        trials, _ = import_history(changed(store, file={"mlflow": address, "experiment": "vision"}))
    finally:
        server.shutdown()
        server.server_close()
    assert trials["backbone"].tolist() == ["one", "two"]
    refused(store, "file.mlflow: .*cannot be read: .*refused")


def test_trials_that_ended_are_trials(storage, tmp_path):
    before = digest(tmp_path / "study.db")
    trials, report = import_history(storage)
    assert trials["status"].tolist() == ["finished", "finished", "failed"]
    assert trials["test_accuracy"].tolist()[:2] == [0.9, 0.9]
    assert set(trials["learning_rate"]) == {0.001}
    assert trials["training_time_s"].notna().all()
    assert (report["rows"], report["left_out"]) == (5, 2)
    assert digest(tmp_path / "study.db") == before


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            {"optuna": "sqlite:///study.db", "study": "backbone"},
            "file.study: .* has no 'backbone'; there are: 'backbones', 'other'",
        ),
        ({"optuna": "sqlite:///other.db", "study": "backbones"}, "file.optuna: .*other.db is mis"),
        ({"optuna": "mysql://there/x", "study": "backbones"}, "allowed is an SQLite file"),
        ({"optuna": "sqlite:///study.db"}, "file.study is missing"),
    ],
)
def test_what_optuna_cannot_read_is_named(storage, file, message):
    refused(storage, message, file=file)


def test_without_the_package_the_extra_is_named(store, storage, monkeypatch):
    for mapping, extra in ((store, "mlflow"), (storage, "optuna")):
        monkeypatch.setitem(sys.modules, extra, None)
        with pytest.raises(MissingExtraError, match=rf"\.\[{extra}\]"):
            import_history(mapping)
