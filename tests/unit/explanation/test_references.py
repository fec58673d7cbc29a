"""References: what they mean, and that what stands around them is checked all the same."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metallmix_kedro.explanation.english.checks import (
    check_explanation,
    fill_and_check,
    keep_supported,
)
from metallmix_kedro.explanation.facts import said_values
from metallmix_kedro.explanation.references import resolve, sentence_pattern
from tests.made_evidence import evidences, hand_made

MEANT = {
    "C1": ("C1", "C1"),
    "C1.accuracy": ("0.941", "C1.score"),
    "c1.Predicted accuracy": ("0.941", "C1.score"),
    "C2.interval": ("0.825 to 0.955", "C2.score_low, C2.score_high"),
    "C2.time": ("62 s", "C2.training_time_s"),
    "C1.shap.optimizer": ("-0.031", "C1.shap.optimizer=rmsprop"),
    "C1.shap.optimizer=rmsprop": ("-0.031", "C1.shap.optimizer=rmsprop"),
    "C2.learning_rate": ("0.0001", "C2.learning_rate"),
    "C2.strategy": ("the last 10 layers trained", "C2.strategy"),
    "choice.backbone": ("Xception", "C2.backbone"),
    "T3.accuracy": ("0.601", "T3.test_accuracy"),
    "T3.f1": ("0.568", "T3.test_f1"),
    "T3.dataset": ('"skin_isic"', "T3.dataset"),
    "T1.shap.backbone": ("+0.050", "T1.shap.backbone=Xception"),
    "shap.learning_rate=1e-3": ("+0.084", "shap.learning_rate=0.001"),
    "shap.learning_rate=0.001.trials": ("41", "shap.learning_rate=0.001.n_trials"),
    "target.images": ("580", "target.n_instances"),
    "target": ('"lungs"', "target.name"),
}


@pytest.mark.parametrize("reference", MEANT)
def test_a_reference_means_what_stands_in_the_evidence(reference):
    assert resolve(reference, hand_made(), "C2") == MEANT[reference]


@pytest.mark.parametrize(
    "reference",
    [
        *("", "C9.accuracy", "C1.nothing", "C1.shap.dropout", "shap.dropout=0.5", "T1.interval"),
        *("C1.__class__", "target.modality.x", "C1.shap.optimizer=adam", ".", "shap", "a" * 80),
    ],
)
def test_a_reference_to_nothing_means_nothing(reference):
    assert resolve(reference, hand_made(), "C1") is None


def test_each_filled_reference_is_on_record_with_what_the_evidence_says():
    text, checks = fill_and_check("{T3} on {T3.dataset} reached {T3.accuracy}", hand_made(), "C1")
    assert text == 'T3 on "skin_isic" reached 0.601.'
    said = said_values(hand_made())
    assert [said.get(check.evidence) for check in checks if check.kind == "reference"] == [
        None,
        "skin_isic",
        "0.601",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{T1} reached an accuracy of {T3.accuracy}.",
        "{C2} has a higher accuracy than {C1}.",
        "The optimizer of {C1} contributes {C1.shap.learning_rate} to its relative score.",
        "{C1} is predicted to reach an accuracy of {C1.time}.",
        "{C1} reaches {C1.accuracy",
        "{C1} reaches {{C1.accuracy}} in accuracy.",
        "{C1} is good, says {nobody}.",
    ],
)
def test_a_reference_in_a_false_sentence_does_not_save_it(text):
    filled, checks = fill_and_check(text, hand_made(), "C1")
    assert keep_supported(filled, checks)[0] == ""


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(evidences(), st.data())
def test_whatever_is_filled_nothing_unsupported_is_kept(evidence, data):
    names = ["accuracy", "time", "backbone", "interval", "dataset", "shap.optimizer", "dropout"]
    refs = [one.ref for one in (*evidence.candidates, *evidence.trials)] + ["shap", "target"]
    pieces = [
        f"{{{data.draw(st.sampled_from(refs))}.{data.draw(st.sampled_from(names))}}}"
        for _ in range(3)
    ]
    text = f"C1 reaches {pieces[0]} and {pieces[1]}. It is better than {pieces[2]}."
    filled, checks = fill_and_check(text, evidence, "C1")
    kept, _ = keep_supported(filled, checks)
    assert all(check.supported for check in check_explanation(kept, evidence, "C1"))


def test_what_is_said_twice_is_kept_once():
    text, _ = fill_and_check("{C1} is chosen. It uses rmsprop. C1 is chosen.", hand_made(), "C1")
    assert text.splitlines() == ["C1 is chosen.", "It uses rmsprop."]


def test_the_pattern_lets_no_number_or_name_through_but_references():
    pattern = sentence_pattern(hand_made())
    for good in (
        "{C1} is predicted to reach {C1.accuracy}.",
        "It helps, by {C2.shap.optimizer}.",
        "Its {C1.accuracy} is high, like that of {T1}.",
    ):
        assert re.fullmatch(pattern, good)
    for bad in (
        "C1 reaches 0.9.",
        "C9 reaches it all.",
        "It is " + "very " * 30 + "good.",
        "{C9} is it.",
        "{C1.nothing} is it.",
        "Use ResNet50.",
        "No end",
        "{C1}.",
        "Its {C1.accuracy}.",
        "It is the best that one may choose of all {C1}.",
        "It cites nothing at all.",
        "It is {C1} with-all-its-parts here.",
        "It is {C1} " + "a" * 17 + ".",
        "{T1} {T1.accuracy",
    ):
        assert not re.fullmatch(pattern, bad)
