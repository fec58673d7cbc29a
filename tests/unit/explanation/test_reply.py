import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metallmix_kedro.explanation.claims import parse_claims
from metallmix_kedro.explanation.reply import LLMReply, decide
from metallmix_kedro.language_models.ballots import read_letter
from metallmix_kedro.language_models.reply_text import MAX_REPLY_CHARS, UnusableReplyError
from metallmix_kedro.support.errors import ArtifactError
from tests.fabricated import SPACE
from tests.made_evidence import OPEN, XCEPTION, hand_made, made_reply

TRUE = {"kind": "prediction", "cites": "score and time", "words": "which is a sound plan"}
WHY = {"kind": "contribution", "cites": "optimizer", "words": ""}
TRIAL = {"kind": "past_trial", "cites": "T1", "words": "which is a useful guide"}
FALSE = {"kind": "contribution", "cites": "average learning_rate", "words": ""}
"""C2 has another learning rate than the one that the history has a mean of."""

SAYS_TRUE = (
    "C2 is predicted to reach an accuracy of 0.905 after a training time of 62 s, which is a sound "
    "plan."
)
SAYS_WHY = "In C2, optimizer adam contributes +0.045 to the relative score and speaks for it."
SAYS_TRIAL = (
    'T1 on "chest_ct" used backbone Xception with the last 10 layers trained and reached an '
    "accuracy of 0.912 after a training time of 31 s, which is a useful guide."
)
WHOLE = f"{SAYS_TRUE} {SAYS_WHY} {SAYS_TRIAL}"


def decision_on(explanation: object, choice: str | None = "C2", **settings: float):
    raw = json.dumps({"explanation": explanation})
    parameters = OPEN.model_copy(update=settings)
    return decide(hand_made(), made_reply(raw, choice), SPACE, parameters)


def test_a_good_reply_decides_and_explains():
    decision = decision_on([TRUE, WHY, TRIAL])
    assert (decision.chosen_ref, decision.decided_by) == ("C2", "llm")
    assert decision.explanation_by == "llm"
    assert decision.explanation == WHOLE
    assert decision.reason == (
        "tiny:latest preferred C2 with a share of 1.00 over 2 orders (consistency 1.00), by one "
        "sampled letter an order, since the server tells no probabilities, weight 1"
    )


def test_facts_stand_with_their_evidence():
    found = {check.found: check.evidence for check in decision_on([TRUE, WHY, TRIAL]).checks}
    assert found["0.905"] == "C2.score"
    assert found["+0.045"] == "C2.shap.optimizer=adam"
    assert found["0.912"] == "T1.test_accuracy"


def test_a_false_claim_is_refused_and_stays_on_record():
    decision = decision_on([TRUE, FALSE, WHY, TRIAL])
    assert decision.explanation == WHOLE
    (refused,) = [check for check in decision.checks if not check.supported]
    assert (refused.found, refused.sentence) == ("average learning_rate", "")


def test_too_little_left_is_replaced_by_the_attributions():
    false = [FALSE, FALSE]
    decision = decision_on([TRUE, WHY, TRIAL, *false], min_kept_share=0.7)
    assert (decision.decided_by, decision.explanation_by) == ("llm", "attributions")
    assert decision.explanation.startswith("C2 uses backbone Xception")
    assert len([check for check in decision.checks if not check.supported]) == 2
    assert decision_on([TRUE, WHY, TRIAL, *false], min_kept_share=0.6).explanation_by == "llm"


def test_nothing_left_is_replaced_even_if_nothing_has_to_be_kept():
    assert decision_on([FALSE], min_kept_share=0).explanation_by == "attributions"
    assert decision_on("", min_kept_share=0).explanation_by == "attributions"


@pytest.mark.parametrize("claims", [["T1", "T2"], "It is good.", [WHY, TRIAL], [TRUE, WHY, TRUE]])
def test_a_text_that_lacks_what_was_asked_for_explains_nothing(claims):
    assert decision_on(claims, min_kept_share=0).explanation_by == "attributions"


@pytest.mark.parametrize(
    "raw",
    [
        '```json\n{"choice": "B"}\n```',
        '<think>A {"choice": "A"}?</think>\n{"choice": "B"}',
        'A {"choice": "A"}?</think>\n{"choice": "B"}',
        '<THINKING>\nhm\n</THINKING>```\n{"choice": "B"}```',
        ' {"choice": "B", "confidence": 1e999} ',
    ],
)
def test_thinking_and_fences_are_no_part_of_a_vote(raw):
    assert read_letter(raw, 2) == "B"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "B",
        '"B"',
        "[]",
        "null",
        "NaN",
        '{"choice": "B"',
        '{"choices": "B"}',
        '{"choice": "C"}',
        '{"choice": "b"}',
        '{"choice": "AB"}',
        '{"choice": ""}',
        '{"choice": ["B"]}',
        '{"choice": {"B": 1}}',
        '{"choice": NaN}',
        '{"choice": 1}',
        '<think>{"choice": "B"}',
        '{"choice": "B"} {"choice": "A"}',
        "[" * 100_000,
        '{"a":' * 20_000,
        "9" * 50_000,
        '{"choice": "B", "explanation": "' + "x" * MAX_REPLY_CHARS + '"}',
        '{"choice": "B\u200b"}',
        '{"choice": "В"}',
        "\udc80",
        "```" + " \n" * 40_000 + "x",
        "<think>" * 10_000,
    ],
)
def test_whatever_is_no_valid_vote_is_told_so(raw):
    with pytest.raises(UnusableReplyError) as error:
        read_letter(raw, 2)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "raw",
    ['{"explanation": null}', '{"explanation": {"a": "b"}}', '{"explanation": ["a", 1]}', "x"],
)
def test_an_explanation_that_is_none_is_replaced(raw):
    with pytest.raises(UnusableReplyError):
        parse_claims(raw)
    decision = decide(hand_made(), made_reply(raw), SPACE, OPEN)
    assert (decision.chosen_ref, decision.explanation_by) == ("C2", "attributions")


def test_an_explanation_of_another_candidate_is_not_shown():
    reply = made_reply(json.dumps({"explanation": [TRUE]}), explained_ref="C1")
    assert decide(hand_made(), reply, SPACE, OPEN).explanation_by == "attributions"


def test_an_explanation_with_an_error_is_not_read():
    raw = json.dumps({"explanation": [TRUE]})
    decision = decide(hand_made(), made_reply(raw, error="cut off"), SPACE, OPEN)
    assert (decision.chosen_ref, decision.decided_by) == ("C2", "llm")
    assert decision.explanation_by == "attributions"


def test_without_a_model_the_surrogate_decides_and_the_reason_is_why():
    reply = LLMReply(provider_used="none", prompt_sha256="0" * 64, error="nobody there")
    decision = decide(hand_made(), reply, SPACE, OPEN)
    assert (decision.chosen_ref, decision.decided_by, decision.reason, decision.choice) == (
        "C1",
        "surrogate",
        "nobody there",
        None,
    )


def test_a_candidate_outside_the_search_space_is_never_chosen():
    narrow = SPACE.restricted(backbone=["Xception"])
    decision = decide(hand_made(), made_reply(choice="C1"), narrow, OPEN)
    assert (decision.chosen_ref, decision.decided_by) == ("C2", "surrogate")
    nowhere = SPACE.model_copy(update={"backbone": ("ResNet50",)})
    with pytest.raises(ArtifactError, match="search_space"):
        decide(hand_made(), made_reply(), nowhere, OPEN)


def test_half_characters_can_be_stored():
    spoiled = {"kind": "past_trial", "cites": "T\ud800", "words": "\ud800"}
    decision = decision_on([TRUE, WHY, {**TRIAL, "words": "\ud800"}, spoiled])
    stored = json.loads(decision.model_dump_json())
    assert stored["explanation_by"] == "llm"
    assert [check["found"] for check in stored["checks"] if not check["supported"]] == ["?", "T?"]
    assert json.loads(made_reply("\ud800").model_dump_json())["raw"] == "?"


FREE = OPEN.model_copy(update={"mode": "free"})
COMPOSED = {**XCEPTION.as_dict(), "explanation": [TRUE, WHY, TRIAL]}


def composed(**changes: object) -> LLMReply:
    raw = json.dumps({**COMPOSED, **changes})
    return made_reply(raw, mode="free", ballots=(), explained_ref=None)


def test_a_free_choice_within_the_space_decides():
    decision = decide(hand_made(), composed(), SPACE, FREE)
    assert (decision.chosen_ref, decision.decided_by) == ("C2", "llm")
    assert decision.explanation == WHOLE
    # Numbers may be written in any manner.
    again = decide(hand_made(), composed(learning_rate=1e-4, dense_units=512.0), SPACE, FREE)
    assert again.chosen_ref == "C2"


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.5},
        {"learning_rate": "0.0001"},
        {"learning_rate": True},
        {"learning_rate": float("nan")},
        {"dense_units": 10**400},
        {"backbone": "ResNet50"},
        {"backbone": ["Xception"]},
        {"optimizer": None},
    ],
)
def test_a_free_choice_outside_the_space_leaves_the_surrogate_to_decide(changes):
    decision = decide(hand_made(), composed(**changes), SPACE, FREE)
    assert (decision.chosen_ref, decision.decided_by) == ("C1", "surrogate")
    assert "cannot be used" in decision.reason


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(codec=None)),
        st.sampled_from(["A", "B", "T1", SAYS_TRUE, "</think>", "```", "{C1.accuracy}", "{"]),
    ),
    lambda inner: st.one_of(
        st.lists(st.one_of(inner, st.sampled_from([TRUE, WHY, TRIAL, FALSE]))),
        st.dictionaries(st.sampled_from(["choice", "explanation", "x", "kind", "cites"]), inner),
    ),
    max_leaves=8,
)
hostile = st.one_of(
    st.text(st.characters(codec=None)),
    json_values.map(json.dumps),
    st.fixed_dictionaries(
        {
            "choice": st.one_of(st.sampled_from(["A", "B", "C"]), json_values),
            "explanation": json_values,
        }
    ).map(json.dumps),
    st.fixed_dictionaries(dict.fromkeys(COMPOSED, json_values)).map(json.dumps),
    st.tuples(json_values.map(json.dumps), st.integers(0, 50)).map(lambda pair: pair[0][pair[1] :]),
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile, st.sampled_from(["short_list", "free"]))
def test_no_reply_is_an_exception_or_an_invalid_choice(raw, mode):
    reply = made_reply().model_copy(update={"raw": raw, "mode": mode})
    decision = decide(hand_made(), reply, SPACE, OPEN)
    assert hand_made().candidate(decision.chosen_ref).configuration in SPACE
    assert decision.explanation
    assert decision.decided_by == "llm" or decision.chosen_ref == "C1"
    # It can be stored.
    json.loads(decision.model_dump_json())


def test_a_model_that_failed_is_not_hidden_behind_a_ballot_of_one():
    memory = "the server's answer made no sense (model requires more system memory (5.6 GiB))"
    reply = LLMReply(provider_used="ollama", model="big", prompt_sha256="0" * 64, error=memory)
    decision = decide(hand_made(), reply, SPACE, OPEN)
    assert decision.reason.startswith(f"big was asked, but did not answer: {memory}")
    late = reply.model_copy(update={"raw": '{"expl', "error": "the model did not finish"})
    assert "the model did not finish" in decide(hand_made(), late, SPACE, OPEN).reason
