import json

import pandas as pd
import pytest
import xgboost

from metallmix_kedro.meta_features.probes.columns import no_probes
from metallmix_kedro.pipelines.meta_learning.nodes import prepare
from metallmix_kedro.surrogate.model import Surrogate
from tests.conftest import save_history
from tests.made_history import made_history
from tests.workspace import Workspace

FAST = {
    "meta_learning": {
        "score_model": {"n_rounds": 30, "eta": 0.2},
        "time_model": {"n_rounds": 30, "eta": 0.2},
    }
}


@pytest.fixture(scope="module")
def learned(tmp_path_factory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("learned"))
    save_history(made, seed=0)
    made.run("meta_learning", params=FAST)
    return made


def test_trials_of_another_image_size_are_told_and_not_learned_from(caplog):
    rows = [
        {"dataset": dataset, "image_size": size, "test_accuracy": 0.5}
        for dataset in ("a", "b")
        for size in (96.0, 96.0, 224.0)
    ]
    prepared = prepare(made_history(rows), no_probes(), "accuracy")
    # Neither their scores nor their seconds.
    assert prepared["image_size"].tolist() == [96.0] * 4
    assert prepared["score"].notna().all()
    assert "Not learned from: 2 trials" in caplog.text


def stored_surrogate(workspace) -> Surrogate:
    models = [
        xgboost.Booster(model_file=str(workspace.latest(f"06_models/accuracy/{role}.json")))
        for role in ("score_model", "time_model")
    ]
    card = json.loads(workspace.latest("06_models/accuracy/surrogate_card.json").read_text())
    return Surrogate.from_artifacts(*models, card)


def test_the_stored_surrogate_predicts(learned):
    history = pd.read_parquet(learned.latest("05_model_input/history.parquet"))
    predicted = stored_surrogate(learned).predict(history)
    assert predicted["relative_score"].corr(history["test_accuracy"]) > 0.5


def test_predictions_report_and_picture_are_stored(learned):
    history = pd.read_parquet(learned.latest("05_model_input/history.parquet"))
    predictions = pd.read_parquet(learned.latest("08_reporting/accuracy/lodo_predictions.parquet"))
    assert set(predictions["trial_id"]) == set(history["trial_id"])
    report = json.loads((learned.data / "08_reporting/accuracy/surrogate_report.json").read_text())
    assert set(report["datasets"]) == set(history["dataset"])
    picture = (learned.data / "08_reporting/accuracy/surrogate_plot.png").read_bytes()
    assert picture.startswith(b"\x89PNG")


def test_a_second_run_stores_the_same_bytes(learned, tmp_path):
    again = learned.copy(tmp_path / "again")
    names = [
        f"06_models/accuracy/{name}.json"
        for name in ("score_model", "time_model", "surrogate_card")
    ]
    first = [again.latest(name).read_bytes() for name in names]
    report = (again.data / "08_reporting/accuracy/surrogate_report.json").read_bytes()
    picture = (again.data / "08_reporting/accuracy/surrogate_plot.png").read_bytes()
    again.run("meta_learning", params=FAST)
    assert all(len(again.versions(name)) == 2 for name in names)
    assert [again.latest(name).read_bytes() for name in names] == first
    assert (again.data / "08_reporting/accuracy/surrogate_report.json").read_bytes() == report
    assert (again.data / "08_reporting/accuracy/surrogate_plot.png").read_bytes() == picture
