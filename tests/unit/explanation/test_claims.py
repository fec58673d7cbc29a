"""Claims: what may be said of a candidate, and that nothing else can be."""

import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metallmix_kedro.explanation.claims import (
    CLAIM_KINDS,
    DEFINITIONS,
    NEEDED,
    Claim,
    check_explanation,
    claims_schema,
    explain,
    is_complete,
    offered,
    parse_claims,
)
from metallmix_kedro.explanation.evidence import Candidate, said_values
from metallmix_kedro.explanation.statements import true_statements
from metallmix_kedro.explanation.words import are_free_words
from metallmix_kedro.language_models.reply_text import UnusableReplyError
from tests.independent_check import false_facts
from tests.made_evidence import evidences, hand_made

SCORE = {"kind": "prediction", "cites": "score", "words": "which is a sound plan"}
WHY = {"kind": "contribution", "cites": "backbone", "words": "so this gives us a clear reason"}
TRIAL = {"kind": "past_trial", "cites": "T1", "words": ""}
FULL = [SCORE, WHY, TRIAL]


def claim(raw: dict[str, str]) -> Claim:
    return Claim(**raw)


def test_claims_become_prose_with_their_evidence() -> None:
    made = explain(map(claim, FULL), hand_made(), "C1")
    assert made.text == (
        "C1 is predicted to reach an accuracy of 0.941, with an interval from 0.861 to 0.991, "
        "after a training time of 95 s, which is a sound plan. "
        "In C1, backbone EfficientNetLite0 contributes +0.123 to the "
        "relative score and speaks for it, so this gives us a clear reason. "
        'T1 on "chest_ct" used backbone Xception with the last 10 layers trained and reached an '
        "accuracy of 0.912 after a training time of 31 s."
    )
    assert all(check.supported for check in made.checks)
    said = said_values(hand_made())
    assert {check.evidence: said[check.evidence] for check in made.checks} == {
        "C1.score": "0.941",
        "C1.score_low": "0.861",
        "C1.score_high": "0.991",
        "C1.training_time_s": "95.3",
        "C1.shap.backbone=EfficientNetLite0": "0.123",
        "T1.dataset": "chest_ct",
        "T1.test_accuracy": "0.912",
        "T1.training_time_s": "31",
    }
    assert is_complete(made, hand_made(), "C1")


def test_the_mean_of_another_value_is_never_cited() -> None:
    """Of learning rate 1e-3 the history knows a mean: C1 has it, C2 has 1e-4."""
    mean = Claim("contribution", "average learning_rate", "")
    assert "learning rate 0.001, which C1 uses, contributes +0.084" in (
        explain([mean], hand_made(), "C1").text
    )
    for cites in (
        *("average learning_rate", "average learning_rate=0.001", "shap.learning_rate=0.001"),
        *("shap.learning_rate=1e-3", "C1.shap.learning_rate", "average backbone"),
    ):
        refused = explain([Claim("contribution", cites, "")], hand_made(), "C2")
        assert (refused.text, refused.share) == ("", 0)
        assert [check.supported for check in refused.checks] == [False]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(evidences())
def test_no_claim_joins_a_candidate_with_a_fact_that_is_not_its_own(evidence: Any) -> None:
    """Every pair of a candidate and a fact, cited in every manner and as every kind of claim."""
    facts = said_values(evidence)
    cited = {*facts, *(ref.partition("=")[0] for ref in facts)}
    cited |= {ref.partition(".")[2] for ref in cited}
    for one in evidence.candidates:
        known = {(each.kind, each.cites) for each in true_statements(evidence, one.ref)}
        claims = [(kind, cites) for kind in CLAIM_KINDS for cites in cited]
        refused = explain([Claim(*pair, "") for pair in set(claims) - known], evidence, one.ref)
        assert refused.text == ""
        assert not any(check.supported for check in refused.checks)
        for kind, cites in known:
            made = explain([Claim(kind, cites, "")], evidence, one.ref)
            assert false_facts(made.text, evidence, one.ref) == []
            for check in made.checks:
                assert check.evidence is None or _fits(check.evidence, kind, one), (kind, cites)


def _fits(ref: str, kind: str, one: Candidate) -> bool:
    """Whether a fact may be cited of a candidate, by its reference alone."""
    subject, _, rest = ref.partition(".")
    if subject == "shap":
        feature, _, value = rest.removesuffix(".n_trials").partition("=")
        own = one.configuration.as_dict()[feature]
        return kind == "contribution" and type(own)(value) == own
    if subject.startswith("C") and subject != one.ref:
        return kind == "comparison"
    return subject == one.ref or (kind == "past_trial" and subject.startswith("T"))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(evidences(), st.data())
def test_whatever_the_grammar_lets_through_is_complete_and_true(evidence: Any, data: Any) -> None:
    ref = data.draw(st.sampled_from([one.ref for one in evidence.candidates]))
    may_cite = offered(evidence, [ref])
    schema = {**claims_schema(may_cite), "$defs": DEFINITIONS}
    picked = []
    for item in schema["prefixItems"]:
        branch = data.draw(st.sampled_from(item.get("anyOf", [item])))
        kind = branch["properties"]["kind"]["const"]
        cites = data.draw(st.sampled_from(branch["properties"]["cites"]["enum"]))
        pattern = DEFINITIONS[f"{kind}_words"]["pattern"]
        words = data.draw(st.from_regex(pattern.replace("$", r"\Z"), fullmatch=True))
        picked.append({"kind": kind, "cites": cites, "words": words})
    jsonschema.validate(picked, schema)
    made = explain(parse_claims(json.dumps({"explanation": picked})), evidence, ref)
    assert made.share == 1
    assert is_complete(made, evidence, ref)
    assert false_facts(made.text, evidence, ref) == []
    assert all(check.supported for check in check_explanation(made.text, evidence, ref))


def test_the_grammar_asks_for_every_kind_that_is_needed() -> None:
    schema = {**claims_schema(offered(hand_made(), ["C1"])), "$defs": DEFINITIONS}
    kinds = [item["properties"]["kind"]["const"] for item in schema["prefixItems"][:-1]]
    assert tuple(kinds) == NEEDED
    for spoiled in (
        {**SCORE, "cites": "0.941"},
        {**SCORE, "words": "which is a sound plan of 0.9"},
        {**WHY, "cites": "dropout"},
        {**TRIAL, "cites": "T9"},
        {**SCORE, "kind": "contribution"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate([spoiled], schema)
    bare = hand_made(trials=(), attributions=(), candidates=(hand_made().candidates[0],))
    assert "past_trial" not in offered(bare, ["C1"])


@pytest.mark.parametrize(
    "words",
    [
        *("which is 0.9", "so C2 is better", "which is the fastest of all", "it uses adam"),
        *("which is not true", "so it halves the time", "which is a sound plan. C1 takes 3 s"),
        *("Which is a sound plan", "which is a sound plan,", "", "which is", "x" * 200),
        *("which is a sound plan\n", "which is а sound plan", "which is a sound plan\u200b"),
    ],
)
def test_words_that_could_be_false_are_left_out_and_the_fact_stands(words: str) -> None:
    assert not are_free_words("prediction", words)
    made = explain([Claim("prediction", "score", words)], hand_made(), "C1")
    assert made.text.endswith("0.861 to 0.991, after a training time of 95 s.")
    assert [check.kind for check in made.checks if not check.supported] == ["words"] * bool(words)


def test_what_is_said_twice_is_told_once() -> None:
    again = {**TRIAL, "cites": "T2", "words": SCORE["words"]}
    made = explain(map(claim, [SCORE, SCORE, TRIAL, again]), hand_made(), "C1")
    assert made.text.count("which is a sound plan") == 1
    assert made.text.count("is predicted") == 1
    assert made.share == 1


@pytest.mark.parametrize("written", ["{}", "Sure! {}", "```json\n{}\n```", "<think>{{}}</think>{}"])
def test_claims_are_found_in_the_text_of_a_model_that_knows_no_schema(written: str) -> None:
    raw = written.format(json.dumps({"explanation": FULL}))
    assert parse_claims(raw) == [claim(one) for one in FULL]


@pytest.mark.parametrize(
    "raw",
    ["", "C1 is good.", "{}", '{"explanation": "C1 is good."}', '{"explanation": []}', "[" * 9999],
)
def test_what_holds_no_claims_is_said_to(raw: str) -> None:
    with pytest.raises(UnusableReplyError):
        parse_claims(raw)


def test_one_claim_too_many_is_not_read_and_odd_ones_are_refused() -> None:
    odd = ["C1 is good.", 3, None, {"kind": ["prediction"], "cites": {}}, WHY, SCORE]
    read = parse_claims(json.dumps({"explanation": odd}))
    assert [one.kind for one in read] == [*["unknown"] * 4, "contribution"]
    made = explain(read, hand_made(), "C1")
    assert (made.share, made.kinds) == (0.2, {"contribution"})


FALSE = """\
C1 is predicted to reach an accuracy of 0.95.
C1 is predicted to reach an accuracy of 0.912.
The recommendation reaches an accuracy of 0.934.
The accuracy is 0.934.
C1 reaches 99.9% accuracy.
C1 reaches an accuracy of 1.
C1 reaches an accuracy of 0.991.
C1 takes a training time of 40 s.
C1 takes a training time of 941 s.
C1 takes 94.1 s.
C1 reaches an accuracy of 95 s.
C1 uses a learning rate of 0.002.
C1 uses a learning rate of 10⁻⁴.
C1 uses a learning rate of 0.01.
C1 uses a batch size of 32.
C1 uses a dropout of 0.3.
C2 reaches 0.941 while C1 reaches 0.905 in accuracy.
T1 and T2 reached accuracies of 0.934 and 0.912.
T1 and T2 reached an accuracy of 0.912.
The target has 581 images.
The target has 4 classes.
Five similar trials were found.
It is ninety percent accurate.
It is half as costly.
C1 reaches ½ of it.
C1 reaches Ⅻ of it.
It has 17 of them.
C1 reaches an accuracy of 9.41e99999.
The backbone EfficientNetLite0 of C1 contributes -0.123.
The backbone EfficientNetLite0 of C1 contributes +0.077.
The optimizer rmsprop raises the relative score of C1 by 0.031.
The optimizer rmsprop of C1 contributes 0.031.
A learning rate of 0.001 lowers the relative score.
Adam reduces the relative score on average.
The dropout raises the relative score of C1.
The batch size improves generalisation.
C2 has a higher accuracy than C1.
C1 is faster than C2.
C2 has the highest accuracy.
C1 is the fastest candidate.
T1 is better than T2.
C1 is not better than C2.
T2 is the most similar trial.
C2 is the first choice of the surrogate.
C1 is the best-on-average configuration.
All candidates use adam.
It is much better.
It doubles the accuracy.
C7 is a good candidate.
T9 supports this.
C1 uses ResNet50.
C1 uses Xception.
C1 uses AdamW.
It uses adam.
Past trials used the EfficientNetLite1 too.
The backbone Xception is the right one here.
T1 used MobileNetV2_0.35.
T1 was measured on skin_isic.
It does well on CIFAR-10.
It resembles the Alzheimer dataset.
It was published by Smith and others.
C1 最好。
C1 лучше всех.
C1 erreicht sicher die beste Genauigkeit von allen.""".splitlines()


@pytest.mark.parametrize("text", FALSE)
def test_what_the_evidence_does_not_say_is_refused(text: str) -> None:
    checks = check_explanation(text, hand_made(), "C1")
    assert [check.note for check in checks if not check.supported]


def test_a_false_number_or_sign_or_name_in_a_true_sentence_is_found() -> None:
    for one in true_statements(hand_made(), "C1"):
        assert all(
            check.supported for check in check_explanation(f"{one.text}.", hand_made(), "C1")
        )
        for place in re.finditer(r"\d|[+-](?=\d)", one.text):
            other = {"+": "-", "-": "+"}.get(place[0]) or str((int(place[0]) + 1) % 10)
            spoiled = f"{one.text[: place.start()]}{other}{one.text[place.end() :]}."
            checks = check_explanation(spoiled, hand_made(), "C1")
            assert not all(check.supported for check in checks), spoiled


@pytest.mark.parametrize("length", [400, 40_000])
def test_no_long_text_keeps_the_checks_busy(length: int) -> None:
    for piece in ("which is a ", "C1 and 0.1 ", " ", ". ", "a-"):
        check_explanation(f"C1 {piece * (length // len(piece))} C2.", hand_made(), "C1")


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_can_be_checked(text: str) -> None:
    check_explanation(text, hand_made(), "C1")


def test_the_independent_check_finds_what_is_false() -> None:
    swaps = ((" for it", " against it"), ("above", "below"), ("longer", "shorter"), ("C1", "C2"))
    for one in true_statements(hand_made(), "C1"):
        assert false_facts(f"{one.text}.", hand_made(), "C1") == []
        spoiled = [one.text.replace(*pair) for pair in swaps if pair[0] in one.text]
        for place in re.finditer(r"[+-]?\d\.(\d)\d\d", one.text):
            digit = (int(place[1]) + 1) % 10
            spoiled.append(f"{one.text[: place.start(1)]}{digit}{one.text[place.end(1) :]}")
        for text in spoiled:
            assert false_facts(f"{text}.", hand_made(), "C1"), text
