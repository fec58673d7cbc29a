import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.decision.parameters import DecisionParameters
from metallmix_kedro.evaluation.parameters import EvaluationParameters, JudgeParameters
from metallmix_kedro.evaluation.protocols.task import Settings
from metallmix_kedro.explanation.claims import check_explanation
from metallmix_kedro.explanation.llm import LLMUnavailableError
from metallmix_kedro.explanation.prompt import PromptTexts
from metallmix_kedro.explanation.reply import decide
from metallmix_kedro.history import History
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.judging.check import rate_labelled, report_judge, separation
from metallmix_kedro.judging.damage import KINDS, labelled_set
from metallmix_kedro.judging.judge import judge_recommendation
from metallmix_kedro.judging.rating import CRITERIA, expected_score, parse_scores
from metallmix_kedro.language_models.language_model import Token
from metallmix_kedro.language_models.reply_text import UnusableReplyError
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.support.errors import ArtifactError
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from tests import loopback_ollama as loopback
from tests.fabricated import SPACE, fabricate_history
from tests.made_evidence import OPEN, hand_made, made_reply

FOLDER = Path(__file__).parents[3] / "conf/prompts/judge"
PROMPTS = PromptTexts(**{path.stem: path.read_text() for path in FOLDER.glob("*.txt")})
FOURS = dict.fromkeys(CRITERIA, 4)
WRITTEN = [
    {"kind": "prediction", "cites": "score", "words": ""},
    {"kind": "contribution", "cites": "average learning_rate", "words": ""},
    {"kind": "past_trial", "cites": "T1", "words": ""},
]
FALSE = {"kind": "contribution", "cites": "average optimizer", "words": ""}


def recommendation(
    explanation: list[dict[str, str]] | None = None, digest: str | None = None
) -> dict[str, Any]:
    reply = made_reply(json.dumps({"explanation": explanation}), "C1")
    if explanation is None:
        reply = made_reply(error="nobody there", choice="C1")
    parameters = OPEN.model_copy(update={"min_kept_share": 0})
    decision = decide(hand_made(), reply, SPACE, parameters).model_dump(mode="json")
    return {
        **decision,
        "evidence": hand_made().model_dump(mode="json"),
        "configuration": hand_made().candidate("C1").configuration.as_dict(),
        "provenance": {"llm_reply": {"digest": digest}},
    }


def judge(url: str, judged: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    usual = {"model": "tiny", "base_url": url, "timeout_s": 20, "connect_timeout_s": 5}
    parameters = JudgeParameters.model_validate({**usual, **changes})
    return judge_recommendation(judged or recommendation(), PROMPTS, parameters)


def test_without_probabilities_the_written_scores_stand_and_are_said_to():
    with loopback.serving(loopback.answers(**{**FOURS, "fluency": 2})) as server:
        verdict = judge(server.url, seed=10)
    assert verdict["status"] == "judged"
    assert verdict["scores"] == {"completeness": 4, "fluency": 2, "conciseness": 4}
    assert verdict["rating"]["method"] == "written"
    (request,) = server.requests
    assert (request["options"]["seed"], request["options"]["temperature"]) == (10, 0)
    assert verdict["digest"] == loopback.DIGEST


def written_with(shares: dict[str, dict[str, float]]) -> list[Token]:
    """A judge's reply, token by token, with the probabilities where its scores stand."""
    tokens = []
    for name, known in shares.items():
        listed = tuple((text, math.log(share)) for text, share in known.items())
        tokens += [Token(f'"{name}": ', ()), Token(next(iter(known)), listed), Token(", ", ())]
    return tokens


def test_a_score_is_the_mean_over_the_probabilities_where_it_stands():
    tokens = written_with({"fluency": {"4": 0.3, " 3": 0.2, "0": 0.1, "x": 0.4}, "a": {"1": 1.0}})
    assert expected_score(tokens, "fluency") == pytest.approx((1.2 + 0.6) / 0.6, abs=1e-4)
    assert expected_score(tokens, "conciseness") is None
    assert expected_score(written_with({"fluency": {"9": 1.0}}), "fluency") is None


def test_an_unreadable_verdict_is_missing_and_neither_0_nor_4():
    with loopback.serving(loopback.says("I would give it a 4.")) as server:
        verdict = judge(server.url)
    assert (verdict["status"], verdict["scores"]) == ("no usable verdict", None)
    assert verdict["rating"]["scores"] is None


@pytest.mark.parametrize("behaviour", [loopback.resets, loopback.fails, loopback.babbles])
def test_a_judge_that_never_answers_well_has_no_scores(behaviour):
    with loopback.serving(behaviour) as server:
        verdict = judge(server.url)
    assert verdict["status"] == "no usable verdict"
    assert verdict["scores"] is None
    assert verdict["reason"]


def test_without_a_server_there_is_no_judge_but_the_exact_scores_stand():
    nowhere = f"http://127.0.0.1:{loopback.free_port()}"
    verdict = judge(nowhere)
    assert verdict["status"] == "no judge"
    assert nowhere in verdict["reason"]
    assert verdict["exact"] == {
        "consistency": 4.0,
        "format": 4.0,
        "claims_shown": 1.0,
        "claims_written": 1.0,
        "configuration_agrees": True,
        "explanation_is_prose": True,
    }
    assert judge(nowhere, provider="none")["status"] == "no judge"
    with pytest.raises(LLMUnavailableError):
        judge(nowhere, provider="ollama")


def test_exact_scores_tell_a_false_explanation_and_a_foreign_configuration():
    judged = recommendation([*WRITTEN, FALSE])
    judged["configuration"]["backbone"] = "Xception"
    exact = judge("http://127.0.0.1:1", judged, provider="none")["exact"]
    assert exact["claims_written"] == round(9 / 10, 4)
    assert exact["claims_shown"] == 1.0
    assert exact["configuration_agrees"] is False
    # Not the chosen candidate's configuration.
    assert (exact["consistency"], exact["format"]) == (4.0, 3.0)


def test_a_judge_of_its_own_work_is_told_from_another():
    with loopback.serving(loopback.answers(**FOURS)) as server:
        own = recommendation(WRITTEN, loopback.DIGEST)
        assert judge(server.url, own)["judges_own_work"] is True
        assert judge(server.url, recommendation(WRITTEN, "other"))["judges_own_work"] is False


def test_another_model_than_the_writer_judges_where_one_is_there():
    both = ["tiny:latest", "other:7b"]
    with loopback.serving(loopback.answers(**FOURS), models=both) as server:
        server.digests = {"other:7b": "cd" * 32}
        written = recommendation(WRITTEN, loopback.DIGEST)
        verdict = judge(server.url, written, alternatives=["absent:1b", "other:7b"])
    assert (verdict["model"], verdict["judges_own_work"]) == ("other:7b", False)


def strict(handler: Any) -> None:
    """A judge that sees what is wrong with a text."""
    text = handler.asked.partition("EXPLANATION")[2]
    words = text.split()
    whole = "speaks for" in text and " on " in text
    prose = "{" not in text and "uses backbone " in text
    scores = {
        "completeness": 4 if whole else 1,
        "fluency": 4 if prose else 0,
        "conciseness": 4 if len(set(words)) / len(words) > 0.3 else 1,
    }
    loopback.answers(**scores)(handler)


@pytest.fixture(scope="module")
def history() -> History:
    return History(with_score(fabricate_history(n_datasets=4, n_trials=20), "accuracy"))


def checked(
    behaviour: loopback.Behaviour, history: History
) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Judge a judge, twice, and then have it judge; return report, verdict and requests."""
    with loopback.serving(behaviour) as server:
        how = {"model": "tiny", "base_url": server.url, "n_checked": 6, "timeout_s": 20}
        parameters = EvaluationParameters.model_validate({"judge": how})
        settings = Settings(
            parameters, MetaLearningParameters(), DecisionParameters(), RetrievalParameters()
        )
        judged = recommendation(WRITTEN)
        ratings: dict[str, Any] = {}
        for _ in range(2):
            ratings.update(rate_labelled(judged, history, PROMPTS, settings, ratings))
        # As the store of ratings wants them: a folder and a file.
        assert all(re.fullmatch(r"\w+/C\d-[a-z_]+-[0-9a-f]{16}", key) for key in ratings)
        asked = len(server.requests)
        report = report_judge(judged, history, PROMPTS, settings, ratings)
        verdict = judge_recommendation(judged, PROMPTS, parameters.judge, report)
    return report, verdict, asked


def test_a_judge_that_sees_damage_is_usable(history):
    report, verdict, asked = checked(strict, history)
    # Six good explanations over all targets, eight kinds of damage; then all is known.
    assert asked == 6 * 9
    assert (report["reason"], report["usable"]) == (None, True)
    assert report["all"]["n"] == 6
    assert report["all"]["low"] > 0.7
    assert report["kinds"]["section_missing"]["auc"] == 1
    assert (verdict["status"], verdict["judge_usable"]) == ("judged", True)
    # It finds the model's explanation incomplete, so that the fallback stands.
    assert np.mean(list(verdict["scores"].values())) < 2
    assert verdict["explanation_by"] == "attributions"


def test_what_is_false_is_found_without_a_judge():
    kinds = set()
    for ref, kind, text in labelled_set(hand_made(), 2, seed=0):
        supported = [one.supported for one in check_explanation(text, hand_made(), ref)]
        assert all(supported) == (kind in ("good", "section_missing")) or kind == "padded"
        kinds.add(kind)
    assert kinds == set(KINDS)


def test_what_a_usable_judge_finds_bad_gives_way_to_the_fallback():
    trusted = {"reason": None, "usable": True, "model": "tiny:latest"}
    trusted |= {"digest": loopback.DIGEST, "prompt_sha256": PROMPTS.sha256}
    with loopback.serving(loopback.answers(**dict.fromkeys(CRITERIA, 1))) as server:
        how = JudgeParameters.model_validate({"model": "tiny", "base_url": server.url})
        for known, by in (
            (trusted, "attributions"),
            (trusted | {"usable": False}, "llm"),
            (None, "llm"),
        ):
            verdict = judge_recommendation(recommendation(WRITTEN), PROMPTS, how, known)
            assert verdict["explanation_by"] == by
            assert verdict["explanation"].startswith("C1 uses") == (by == "attributions")


def test_a_judge_that_gives_everyone_4_is_not_listened_to(history):
    report, verdict, _ = checked(loopback.answers(**FOURS), history)
    assert (report["all"]["auc"], report["usable"]) == (0.5, False)
    assert (verdict["status"], verdict["scores"]) == ("not usable", None)
    assert "AUC of 0.50 (0.50 to 0.50 on 6)" in verdict["reason"]
    # What it said is on record.
    assert verdict["rating"]["scores"] == FOURS


def test_a_judge_that_cannot_be_read_is_not_usable(history):
    report, verdict, _ = checked(loopback.says("Fine!"), history)
    assert (report["all"]["auc"], report["usable"], report["unreadable"]) == (None, False, 1)
    assert verdict["status"] == "no usable verdict"


def scored(rng: np.random.Generator, shift: float, n: int) -> pd.DataFrame:
    return pd.DataFrame({"good": rng.normal(shift, 1, n), "padded": rng.normal(0, 1, n)})


def test_the_interval_of_an_auc_is_narrower_with_more_and_holds_the_truth():
    rng = np.random.default_rng(0)
    few, many = (
        separation(one, ("padded",), seed=1) for one in (scored(rng, 1, 10), scored(rng, 1, 200))
    )
    truth = 0.7602  # the normal distribution function at 1 / sqrt(2)
    assert many.low < truth < many.high
    assert many.high - many.low < few.high - few.low
    assert few.low <= few.auc <= few.high


def test_a_check_of_another_judge_says_nothing(history):
    report, _, _ = checked(loopback.answers(**FOURS), history)
    with loopback.serving(loopback.answers(**FOURS)) as server:
        server.digests = {"tiny:latest": "cd" * 32}
        parameters = JudgeParameters.model_validate({"model": "tiny", "base_url": server.url})
        verdict = judge_recommendation(recommendation(), PROMPTS, parameters, report)
    assert (verdict["status"], verdict["judge_usable"]) == ("judged", None)


def test_the_judge_sees_the_explanation_and_the_evidence():
    with loopback.serving(loopback.answers(**FOURS)) as server:
        judge(server.url)
    system, user = (message["content"] for message in server.requests[0]["messages"])
    assert "0 to 4" in system
    assert "C1 uses backbone EfficientNetLite0" in user
    assert "T3 MobileNetV2_0.35" in user
    # Names are users' texts: the judge reads none.
    assert "skin_isic" not in user
    assert "dataset 1" in user


def test_a_recommendation_without_its_parts_is_an_error_that_says_so():
    with pytest.raises(ArtifactError, match="kedro run --pipelines=recommendation"):
        judge("http://127.0.0.1:1", {"explanation": "Good."})


scores = st.one_of(st.integers(-1, 5), st.booleans(), st.none(), st.floats(), st.text(max_size=3))


@given(st.fixed_dictionaries(dict.fromkeys(CRITERIA, scores)))
def test_only_whole_scores_from_0_to_4_count(answer):
    if all(type(value) is int and 0 <= value <= 4 for value in answer.values()):
        assert parse_scores(json.dumps(answer)) == answer
    else:
        with pytest.raises(UnusableReplyError):
            parse_scores(json.dumps(answer))


@given(st.text())
def test_no_text_is_read_as_scores(text):
    with pytest.raises(UnusableReplyError):
        parse_scores(text)
