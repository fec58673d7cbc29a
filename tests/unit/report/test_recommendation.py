import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from metallmix_kedro.decision import LearningCurves
from metallmix_kedro.report import recommendation as model
from metallmix_kedro.report.recommendation import Recommendation, content_sha256, json_schema
from tests import made_recommendation as made
from tests.made_curves import SLOW, made_curves

PUBLISHED = Path(model.__file__).with_name("recommendation.schema.json")


def test_the_prediction_is_that_of_the_chosen_candidate() -> None:
    third = made.evidence().candidates[2]

    recommendation = made.recommendation(chosen_ref="C3")

    assert recommendation.configuration == third.configuration
    assert recommendation.score.value == third.score
    assert recommendation.score.high == third.score_high
    assert recommendation.training_time_s.low == third.training_time_low_s
    assert recommendation.interval_level == 0.9


def test_the_published_schema_is_the_models_own() -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))

    assert published == json_schema(), "write it anew: see the folder's README"


def test_a_stored_recommendation_satisfies_the_published_schema() -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    stored = json.loads(json.dumps(made.recommendation().model_dump(mode="json"), allow_nan=False))

    validator.validate(stored)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**stored, "decided_by": "a dice"})
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**stored, "made_at": "2026-01-01"})


def test_learning_curves_are_part_of_it_or_null() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    for curves, n_curves in ((made_curves(SLOW), 2), (None, None)):
        stored = made.recommendation(curves=curves).model_dump(mode="json")
        validator.validate(stored)
        assert stored["schema_version"] == "1.4"
        shown = stored["learning_curves"]
        assert (shown and len(shown["curves"])) == n_curves


@pytest.mark.parametrize("curves", [None, made_curves(SLOW)])
def test_it_is_read_back_as_it_was(curves: LearningCurves | None) -> None:
    recommendation = made.recommendation(curves=curves)

    assert Recommendation.model_validate_json(recommendation.model_dump_json()) == recommendation


def test_a_score_that_is_not_a_number_is_refused() -> None:
    stored = made.recommendation().model_dump()
    stored["score"]["value"] = float("nan")

    with pytest.raises(ValidationError):
        Recommendation.model_validate(stored)


def test_the_response_time_does_not_change_the_recommendation() -> None:
    quick, slow = (
        made.recommendation(answer=made.reply(response_time_s=seconds)) for seconds in (0.1, 9.0)
    )

    assert quick == slow
    assert quick.provenance.llm_reply.error == "no server answers"


def test_the_evidence_hash_changes_with_the_evidence() -> None:
    evidence = made.evidence()

    other = evidence.model_copy(update={"warnings": ("another",)})

    assert made.recommendation().provenance.evidence_sha256 == content_sha256(evidence)
    assert content_sha256(other) != content_sha256(evidence)


def test_input_versions_are_sorted_by_name() -> None:
    versions = made.recommendation().provenance.input_versions

    assert list(versions) == ["evidence", "history"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"decided_by": "surrogate", "reason": "it hangs"}, "not by a language model: it hangs."),
        ({"decided_by": "llm", "explanation_by": "attributions"}, "does not support the language"),
    ],
)
def test_what_the_language_model_had_no_part_in_is_said(changes: dict[str, str], said: str) -> None:
    assert any(said in warning for warning in made.recommendation(**changes).warnings)


def test_a_checked_decision_of_the_language_model_needs_no_warning() -> None:
    warnings = made.recommendation(decided_by="llm", explanation_by="llm").warnings

    assert not any("language model" in warning for warning in warnings)


def test_a_wide_interval_is_said() -> None:
    vague, sure = (made.as_sure(made.evidence(), width) for width in (0.6, 0.1))

    assert any("vague" in text for text in made.recommendation(vague).warnings)
    assert not any("vague" in text for text in made.recommendation(sure).warnings)


@pytest.mark.parametrize(
    ("behind", "share", "told"),
    [
        (0.01, 0.44, "takes 44 % of C1's time and is predicted -1.0 points"),
        (-0.01, 0.5, "takes 50 % of C1's time and is predicted +1.0 points"),
        (0.05, 0.44, None),
        (0.01, 0.9, None),
    ],
)
def test_a_candidate_nearly_as_good_and_far_cheaper_is_told(
    behind: float, share: float, told: str | None
) -> None:
    shown = made.recommendation()
    assert shown.chosen_ref == "C1"
    scores = {"C1": 0.8, "C2": 0.8 - behind}
    candidates = tuple(
        one.model_copy(update={"score": scores.get(one.ref, 0.1)})
        for one in shown.evidence.candidates
    )
    times = dict.fromkeys(shown.relative_training_times, 10.0) | {"C2": 10.0 * share}
    changed = shown.model_copy(
        update={
            "evidence": shown.evidence.model_copy(update={"candidates": candidates}),
            "relative_training_times": times,
        }
    )
    if told is None:
        assert changed.near_tie is None
    else:
        assert changed.near_tie is not None
        assert changed.near_tie.startswith(f"C2 {told}")
