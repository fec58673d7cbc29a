"""The recommendation pipeline through a Kedro session, on a fabricated history."""

import json
from typing import Any

import jsonschema
import pandas as pd
import pytest
from kedro.io import DatasetError

from metallmix_kedro.report.recommendation import Recommendation, content_sha256, json_schema
from metallmix_kedro.support.errors import ArtifactError, MetallmixError
from tests.unit.images.samples import make_dataset
from tests.workspace import Workspace

WITHOUT_LLM = {"recommendation": {"llm": {"provider": "none"}}}
STORED = "07_model_output/recommendation.json"
REPORT = "07_model_output/recommendation_report.html"


def stored(workspace: Workspace) -> dict[str, Any]:
    return json.loads(workspace.latest(STORED).read_text(encoding="utf-8"))


def recommend(workspace: Workspace, **params: Any) -> dict[str, Any]:
    workspace.run("recommendation", params={**WITHOUT_LLM, **params})
    return stored(workspace)


def test_a_card_gets_a_whole_recommendation(fabricated: Workspace) -> None:
    written = recommend(fabricated)

    jsonschema.Draft202012Validator(json_schema()).validate(written)
    recommendation = Recommendation.model_validate(written)
    # The example's images are larger than any fabricated ones.
    assert recommendation.evidence.outside
    assert recommendation.decided_by == "surrogate"
    assert "none" in recommendation.reason
    assert recommendation.configuration.backbone == "EfficientNetLite0"
    assert recommendation.configuration.learning_rate == 1e-3
    assert len(recommendation.evidence.candidates) == 5
    assert 1 <= len(recommendation.evidence.trials) <= 8
    assert all(trial.top_features for trial in recommendation.evidence.trials)
    assert recommendation.evidence.attributions
    assert recommendation.checks
    assert all(check.supported for check in recommendation.checks)
    assert any("not by a language model" in text for text in recommendation.warnings)
    report = fabricated.latest(REPORT).read_text(encoding="utf-8")
    assert recommendation.target.name in report
    assert report.startswith("<!DOCTYPE html>")


def test_a_folder_is_said_as_it_was_read(fabricated: Workspace) -> None:
    for seed, part in enumerate(("seg_train", "seg_test")):
        make_dataset(fabricated.folder / "scenes" / part / part, {"sea": 4, "street": 3}, 99 * seed)
    make_dataset(fabricated.folder / "scenes" / "seg_pred", {"seg_pred": 5}, 999)

    written = recommend(fabricated, target={"path": str(fabricated.folder / "scenes")})

    assert written["read"]["classes"] == {"sea": 8, "street": 6}
    report = fabricated.latest(REPORT).read_text(encoding="utf-8")
    assert "Read as 2 classes, 14 images: sea 8, street 6; left out 5: 5 in a folder" in report


def test_provenance_names_the_versions_that_were_read(fabricated: Workspace) -> None:
    written = Recommendation.model_validate(recommend(fabricated))

    versions = written.provenance.input_versions
    assert versions["history"] == fabricated.versions("05_model_input/history.parquet")[-1]
    assert {"score_model", "time_model", "surrogate_card", "retrieval_index"} <= set(versions)
    assert written.provenance.evidence_sha256 == content_sha256(written.evidence)


def test_the_same_inputs_give_the_same_bytes(fabricated: Workspace) -> None:
    recommend(fabricated)
    first = fabricated.latest(STORED).read_bytes(), fabricated.latest(REPORT).read_bytes()

    recommend(fabricated)

    assert len(fabricated.versions(STORED)) == 2
    assert (fabricated.latest(STORED).read_bytes(), fabricated.latest(REPORT).read_bytes()) == first


def test_another_target_is_another_recommendation(fabricated: Workspace) -> None:
    card = fabricated.folder / "other.yml"
    card.write_text(
        "name: satellites\nmodality: radar\nimage_size: [900, 900]\n"
        "class_counts: {ship: 90000, sea: 1000}\n"
    )

    written = Recommendation.model_validate(recommend(fabricated, target={"card": str(card)}))

    assert written.target.name == "satellites"
    said = " ".join(written.warnings)
    assert "modality 'radar'" in said
    assert "Unlike anything" in said
    assert "90.0 times" in said


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"target": {"path": "no/such/folder", "card": None}}, "no/such/folder"),
        ({"recommendation": {"backbones": ["ResNet999"]}}, "ResNet999"),
        ({"recommendation": {"n_candidates": 1}}, "n_candidates"),
    ],
)
def test_what_cannot_be_used_is_named(
    fabricated: Workspace, params: dict[str, Any], said: str
) -> None:
    with pytest.raises((MetallmixError, DatasetError), match=said):
        fabricated.run("recommendation", params=params)

    assert fabricated.versions(STORED) == []


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("06_models/accuracy/score_model.json", b"{}", "score_model"),
        ("06_models/accuracy/surrogate_card.json", b"{}", "surrogate_card"),
        ("06_models/accuracy/retrieval_card.json", b'{"format_version": 9}', "retrieval_card"),
        ("06_models/accuracy/retrieval_index.faiss", b"not an index", "retrieval_index"),
        ("05_model_input/history.parquet", b"PAR1 and nothing", "history"),
    ],
)
def test_a_corrupt_artifact_is_named(
    fabricated: Workspace, path: str, content: bytes, said: str
) -> None:
    fabricated.latest(path).write_bytes(content)

    with pytest.raises((MetallmixError, DatasetError), match=said):
        recommend(fabricated)

    assert fabricated.versions(STORED) == []


def test_an_index_of_another_history_is_refused(fabricated: Workspace) -> None:
    path = fabricated.latest("05_model_input/history.parquet")
    history = pd.read_parquet(path)
    history[history["dataset"] != "fabricated_1"].to_parquet(path, index=False)

    with pytest.raises(ArtifactError, match="kedro run --pipelines=retrieval"):
        recommend(fabricated)


def test_a_forbidden_backbone_is_in_no_candidate(fabricated: Workspace) -> None:
    written = recommend(
        fabricated,
        recommendation={"backbones": ["Xception", "ResNet50"], "llm": {"provider": "none"}},
    )

    names = {one["configuration"]["backbone"] for one in written["evidence"]["candidates"]}
    assert names <= {"Xception", "ResNet50"}
    assert any("Never measured in the history: ResNet50" in text for text in written["warnings"])
