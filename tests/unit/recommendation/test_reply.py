import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metallmix_kedro.errors import ArtifactError
from metallmix_kedro.recommendation.reply import (
    MAX_REPLY_CHARS,
    UnusableReplyError,
    decide,
    parse_reply,
)
from tests.fabricated import SPACE
from tests.made_evidence import hand_made, made_reply

TRUE = "C2 is predicted to reach an accuracy of 0.905."
FALSE = "C2 is predicted to reach an accuracy of 0.999."


def decision_on(explanation: object, choice: object = "C2", **settings: float):
    raw = json.dumps({"choice": choice, "explanation": explanation})
    return decide(hand_made(), made_reply(raw), SPACE, **settings)


def test_a_good_reply_decides_and_explains():
    decision = decision_on([TRUE, "T1 supports it with an accuracy of 0.912."])
    assert (decision.chosen_ref, decision.decided_by) == ("C2", "llm")
    assert decision.explanation_by == "llm"
    assert decision.explanation == f"{TRUE} T1 supports it with an accuracy of 0.912."
    assert "tiny:latest chose C2 among 2 candidates" in decision.reason


def test_a_false_sentence_is_removed_and_stays_on_record():
    decision = decision_on(f"{TRUE} {FALSE}")
    assert decision.explanation == TRUE
    (removed,) = {check.sentence for check in decision.checks if not check.supported}
    assert removed == FALSE


def test_too_little_left_is_replaced_by_the_attributions():
    decision = decision_on([TRUE, FALSE, FALSE], min_kept_share=0.5)
    assert (decision.decided_by, decision.explanation_by) == ("llm", "attributions")
    assert decision.explanation.startswith("C2 uses backbone Xception")
    assert len([check for check in decision.checks if not check.supported]) == 2
    assert decision_on([TRUE, FALSE, FALSE], min_kept_share=0.3).explanation_by == "llm"


def test_nothing_left_is_replaced_even_if_nothing_has_to_be_kept():
    assert decision_on([FALSE], min_kept_share=0).explanation_by == "attributions"
    assert decision_on("", min_kept_share=0).explanation_by == "attributions"


@pytest.mark.parametrize("text", [["T1", "T2"], "It is a very good choice for this dataset."])
def test_a_text_that_says_nothing_explains_nothing(text):
    assert decision_on(text, min_kept_share=0).explanation_by == "attributions"


@pytest.mark.parametrize(
    "raw",
    [
        '```json\n{"choice": "C2", "explanation": "Sound."}\n```',
        '<think>C1 {"choice": "C1"}?</think>\n{"choice": "C2", "explanation": "Sound."}',
        '<THINKING>\nhm\n</THINKING>```\n{"choice": "C2", "explanation": ["Sound."]}```',
        ' {"choice": "C2", "explanation": "Sound.", "confidence": 1e999} ',
    ],
)
def test_thinking_and_fences_are_no_part_of_the_answer(raw):
    assert decide(hand_made(), made_reply(raw), SPACE).chosen_ref == "C2"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "C2",
        '"C2"',
        "[]",
        "null",
        "NaN",
        '{"choice": "C2"',
        '{"choice": "C2"}',
        '{"choice": "C3", "explanation": "x"}',
        '{"choice": "c2", "explanation": "x"}',
        '{"choice": ["C2"], "explanation": "x"}',
        '{"choice": {"C2": 1}, "explanation": "x"}',
        '{"choice": NaN, "explanation": "x"}',
        '{"choice": 2, "explanation": "x"}',
        '{"choice": "C2", "explanation": null}',
        '{"choice": "C2", "explanation": {"a": "b"}}',
        '{"choice": "C2", "explanation": ["a", 1]}',
        '<think>{"choice": "C2", "explanation": "x"}',
        '{"choice": "C2", "explanation": "x"} {"choice": "C1", "explanation": "x"}',
        "[" * 100_000,
        '{"a":' * 20_000,
        "9" * 50_000,
        '{"choice": "C2", "explanation": "' + "x" * MAX_REPLY_CHARS + '"}',
        '{"choice": "C\u200b2", "explanation": "x"}',
        "\udc80",
        "```" + " \n" * 40_000 + "x",
        "<think>" * 10_000,
    ],
)
def test_whatever_is_no_valid_choice_leaves_the_surrogate_to_decide(raw):
    with pytest.raises(UnusableReplyError):
        parse_reply(raw, ["C1", "C2"])
    reply = made_reply().model_copy(update={"raw": raw})
    decision = decide(hand_made(), reply, SPACE)
    assert (decision.chosen_ref, decision.decided_by) == ("C1", "surrogate")
    assert "cannot be used" in decision.reason
    assert len(decision.reason) < 300


def test_a_reply_with_an_error_is_not_read():
    raw = json.dumps({"choice": "C2", "explanation": TRUE})
    decision = decide(hand_made(), made_reply(raw, error="cut off"), SPACE)
    assert (decision.chosen_ref, decision.decided_by, decision.reason) == (
        "C1",
        "surrogate",
        "cut off",
    )


def test_a_candidate_outside_the_search_space_is_never_chosen():
    narrow = SPACE.restricted(["Xception"])
    raw = json.dumps({"choice": "C1", "explanation": TRUE})
    decision = decide(hand_made(), made_reply(raw), narrow)
    assert (decision.chosen_ref, decision.decided_by) == ("C2", "surrogate")
    with pytest.raises(ArtifactError, match="search_space"):
        decide(hand_made(), made_reply(raw), SPACE.model_copy(update={"backbone": ("ResNet50",)}))


def test_half_characters_can_be_stored():
    raw = '{"choice": "C2", "explanation": "C2 uses x\\ud800x adam."}'
    stored = decide(hand_made(), made_reply(raw), SPACE).model_dump_json()
    assert json.loads(stored)["explanation"] == "C2 uses x?x adam."
    assert json.loads(made_reply("\ud800").model_dump_json())["raw"] == "?"


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(codec=None)),
        st.sampled_from(["C1", "C2", "T1", TRUE, FALSE, "</think>", "```"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(st.sampled_from(["choice", "explanation", "x"]), inner),
    ),
    max_leaves=8,
)
hostile = st.one_of(
    st.text(st.characters(codec=None)),
    json_values.map(json.dumps),
    st.fixed_dictionaries(
        {
            "choice": st.one_of(st.sampled_from(["C1", "C2", "C3"]), json_values),
            "explanation": json_values,
        }
    ).map(json.dumps),
    st.tuples(json_values.map(json.dumps), st.integers(0, 50)).map(lambda pair: pair[0][pair[1] :]),
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile)
def test_no_reply_is_an_exception_or_an_invalid_choice(raw):
    reply = made_reply().model_copy(update={"raw": raw})
    decision = decide(hand_made(), reply, SPACE)
    assert hand_made().candidate(decision.chosen_ref).configuration in SPACE
    assert decision.explanation
    assert decision.decided_by == "llm" or decision.chosen_ref == "C1"
    # It can be stored.
    json.loads(decision.model_dump_json())
