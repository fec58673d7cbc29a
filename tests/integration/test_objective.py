"""Another objective, from what is learned to what is recommended, beside the usual one."""

import json

import jsonschema
import pandas as pd
import pytest
import yaml

from metallmix_kedro.audit.record import RunRecord
from metallmix_kedro.audit.replaying import replay
from metallmix_kedro.report.recommendation import Recommendation, json_schema
from metallmix_kedro.support.errors import InputError, ParameterError
from tests.workspace import Workspace

LEARNED = (
    *(f"06_models/{{}}/{name}" for name in ("score_model.json", "surrogate_card.json")),
    *(f"06_models/{{}}/retrieval_{name}" for name in ("index.faiss", "card.json")),
    *(f"08_reporting/{{}}/{name}.parquet" for name in ("attribution_by_value", "lodo_predictions")),
)
WITHOUT_LLM = {"llm": {"provider": "none"}}


def change_history(workspace: Workspace, **columns: object) -> None:
    path = workspace.latest("05_model_input/history.parquet")
    pd.read_parquet(path).assign(**columns).to_parquet(path, index=False)


def test_macro_f1_is_learned_and_recommended_by_beside_accuracy(fabricated: Workspace) -> None:
    path = fabricated.latest("05_model_input/history.parquet")
    history = pd.read_parquet(path)
    # What is best by accuracy is worst by macro F1.
    history.assign(test_f1=1 - history["test_accuracy"]).to_parquet(path, index=False)
    before = {name: fabricated.versions(name.format("accuracy")) for name in LEARNED}
    asked = {"objective": "macro_f1", "recommendation": WITHOUT_LLM}

    fabricated.run("meta_learning", "explainability", "retrieval", params=asked)
    fabricated.run("recommendation", params=asked)

    for name in LEARNED:
        assert fabricated.versions(name.format("accuracy")) == before[name]
        assert len(fabricated.versions(name.format("macro_f1"))) == 1
    written = json.loads(fabricated.latest("07_model_output/recommendation.json").read_text())
    jsonschema.Draft202012Validator(json_schema()).validate(written)
    recommendation = Recommendation.model_validate(written)
    assert recommendation.objective == recommendation.evidence.objective == "macro_f1"
    assert recommendation.configuration.backbone == "MobileNetV2_0.35"
    assert recommendation.configuration.learning_rate == 1e-5
    assert all(check.supported for check in recommendation.checks)
    assert "accuracy" not in recommendation.explanation
    # It is repeated from the folders of its own objective.
    record = RunRecord.model_validate(fabricated.records()[-1])
    assert replay(record, fabricated.folder).identical
    report = (fabricated.data / "08_reporting/macro_f1/surrogate_report.json").read_text()
    assert json.loads(report)["objective"] == "macro_f1"


def test_a_history_without_the_metric_is_one_error_with_its_mend(fabricated: Workspace) -> None:
    change_history(fabricated, test_rarest_recall=None)
    asked = {"objective": "rarest_class_recall"}
    with pytest.raises(InputError, match=r"rarest_class_recall needs .* 0 have it, on 0 datasets"):
        fabricated.run("meta_learning", params=asked)
    assert not (fabricated.data / "06_models/rarest_class_recall").exists()


def test_an_objective_that_the_catalog_does_not_know_of_is_refused(fabricated: Workspace) -> None:
    path = fabricated.conf / "base/parameters/objective.yml"
    path.write_text(yaml.safe_dump({"objective": "macro_f1"}))
    with pytest.raises(ParameterError, match=r"conf/local/globals.yml"):
        fabricated.run("recommendation", params={"recommendation": WITHOUT_LLM})


def test_the_objective_can_be_set_for_good(fabricated: Workspace) -> None:
    fabricated.set_globals("test", objective="macro_f1")
    fabricated.run("retrieval")
    assert len(fabricated.versions("06_models/macro_f1/retrieval_card.json")) == 1
