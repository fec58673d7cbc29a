from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metallmix_kedro.explanation.claims import check_explanation
from metallmix_kedro.explanation.explanation import explain_from_attributions
from tests.independent_check import false_facts
from tests.made_evidence import MOBILE, candidate, evidences, hand_made


def test_it_says_what_is_predicted_why_and_what_went_before():
    text = explain_from_attributions(hand_made(), "C1").text
    assert "C1 uses backbone EfficientNetLite0 with feature extraction" in text
    assert "accuracy of 0.941, with an interval from 0.861 to 0.991" in text
    assert "training time of 95 s" in text
    assert "backbone EfficientNetLite0 contributes +0.123" in text
    assert "optimizer rmsprop contributes -0.031" in text
    assert "learning rate 0.001, which C1 uses, contributes +0.084, measured in 41 trials" in text
    assert 'T2 on "chest_ct"' in text
    assert "0.934" in text


def test_the_role_of_the_best_on_average_is_told():
    assert "best-on-average" in explain_from_attributions(hand_made(), "C2").text
    assert "best-on-average" not in explain_from_attributions(hand_made(), "C1").text


def test_a_backbone_no_similar_trial_used_is_said_to_have_no_precedent():
    evidence = hand_made(trials=hand_made().trials[:2], candidates=(candidate("C1", MOBILE, 0.8),))
    text = explain_from_attributions(evidence, "C1").text
    assert "no precedent for C1" in text
    assert all(check.supported for check in check_explanation(text, evidence, "C1"))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evidences(), st.data())
def test_every_claim_of_it_is_supported_whatever_the_evidence(evidence, data):
    ref = data.draw(st.sampled_from([one.ref for one in evidence.candidates]))
    text = explain_from_attributions(evidence, ref).text
    checks = check_explanation(text, evidence, ref)
    assert [check for check in checks if not check.supported] == []
    assert sum(check.kind == "prediction" for check in checks) >= 4
    assert false_facts(text, evidence, ref) == []
