import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metallmix_kedro.explanation.english.checks import check_explanation, keep_supported
from tests.made_evidence import evidences, hand_made

TRUE = [
    # numbers, in any manner of writing them
    "C1 is predicted to reach an accuracy of 0.941.",
    "C1 is predicted to reach an accuracy of 94.1%.",
    "C1 is predicted to reach 94 % accuracy.",
    "C1 has a predicted accuracy of 0.94 (0.86 to 0.99).",
    "The accuracy of C1 lies between 86.1% and 99.1%.",
    "C1 has an interval of 0.861-0.991.",
    "C1 reaches an accuracy of up to 0.991.",
    "C1 takes a training time of 40 to 200 s.",
    "The chosen candidate reaches an accuracy of ０.９４.",
    "C1 takes a training time of 1.6 minutes.",
    "C1 reaches its accuracy in 95 s.",
    "C1 uses a learning rate of 1e-3.",
    "C1 uses a learning rate of 1 × 10⁻³.",
    "C1 uses a learning rate of 10⁻³.",
    "C1 uses a learning_rate=0.001.",
    "C1 uses 1,024 dense units and dropout of 50%.",
    "T1 and T2 reached accuracies of 0.912 and 0.934.",
    "An accuracy of 0.934 was reached by T2 on chest_ct.",
    "T1 (0.912) and T3 (0.601) show what is possible.",
    "The target has 580 images in 3 classes, with an imbalance of 5.0.",
    "The target dataset lungs has 512x480 pixels.",
    "The three similar trials come from 2 datasets.",
    "The past trial T2 has an F1 of 0.901.",
    # contributions and their direction
    "C1 gains from its backbone EfficientNetLite0, which contributes +0.123.",
    "The optimizer rmsprop lowers the relative score of C1 by 0.031.",
    "A learning rate of 0.001 raises the relative score by 0.084 on average.",
    "On average over the history, adam contributes +0.021.",
    "MobileNetV2_0.35 has a negative effect on average over the history.",
    # comparisons
    "C1 has a higher accuracy than C2.",
    "C2 is faster than C1.",
    "C2 has a shorter training time than C1.",
    "C1 has the highest accuracy.",
    "T2 is better than T1.",
    "T1 is the most similar trial.",
    "C1 is the first choice of the surrogate.",
    "C1 outperforms the other candidates.",
    # names
    "T3 on skin_isic used MobileNetV2_0.35 with full fine-tuning.",
    "C1 uses EfficientNetLite0 with feature extraction and rmsprop.",
    "It uses rmsprop.",
    "Past trials used Xception too.",
    "It is a sound choice for this kind of dataset.",
]

FALSE = [
    # invented or misplaced numbers
    "C1 is predicted to reach an accuracy of 0.95.",
    "C1 is predicted to reach an accuracy of 0.912.",
    "The recommendation reaches an accuracy of 0.934.",
    "The accuracy is 0.934.",
    "C1 reaches 99.9% accuracy.",
    "C1 reaches an accuracy of 1.",
    "C1 reaches an accuracy of 0.991.",
    "C1 takes a training time of 40 s.",
    "C1 takes a training time of 941 s.",
    "C1 takes 94.1 s.",
    "C1 reaches an accuracy of 95 s.",
    "C1 uses a learning rate of 0.002.",
    "C1 uses a learning rate of 10⁻⁴.",
    "C1 uses a learning rate of 0.01.",
    "C1 uses a batch size of 32.",
    "C1 uses a dropout of 0.3.",
    "C2 reaches 0.941 while C1 reaches 0.905 in accuracy.",
    "T1 and T2 reached accuracies of 0.934 and 0.912.",
    "T1 and T2 reached an accuracy of 0.912.",
    "The target has 581 images.",
    "The target has 4 classes.",
    "Five similar trials were found.",
    "It is ninety percent accurate.",
    "It is half as costly.",
    "C1 reaches ½ of it.",
    "C1 reaches Ⅻ of it.",
    "It has 17 of them.",
    "C1 reaches an accuracy of 9.41e99999.",
    "C1 reaches an accuracy of " + "9" * 6000 + ".",
    # contributions
    "The backbone EfficientNetLite0 of C1 contributes -0.123.",
    "The backbone EfficientNetLite0 of C1 contributes +0.077.",
    "The optimizer rmsprop raises the relative score of C1 by 0.031.",
    "The optimizer rmsprop of C1 contributes 0.031.",
    "A learning rate of 0.001 lowers the relative score.",
    "Adam reduces the relative score on average.",
    "The dropout raises the relative score of C1.",
    "The batch size improves generalisation.",
    # comparisons
    "C2 has a higher accuracy than C1.",
    "C1 is faster than C2.",
    "C2 has the highest accuracy.",
    "C1 is the fastest candidate.",
    "T1 is better than T2.",
    "C1 is not better than C2.",
    "T2 is the most similar trial.",
    "C2 is the first choice of the surrogate.",
    "C1 is the best-on-average configuration.",
    "All candidates use adam.",
    "It is much better.",
    "It doubles the accuracy.",
    # names
    "C7 is a good candidate.",
    "T9 supports this.",
    "C1 uses ResNet50.",
    "C1 uses Xception.",
    "C1 uses AdamW.",
    "It uses adam.",
    "Past trials used the EfficientNetLite1 too.",
    "The backbone Xception is the right one here.",
    "T1 used MobileNetV2_0.35.",
    "T1 was measured on skin_isic.",
    "It does well on CIFAR-10.",
    "It resembles the Alzheimer dataset.",
    "It was published by Smith and others.",
    # languages that cannot be checked
    "C1 最好。",
    "C1 лучше всех.",
    "C1 erreicht sicher die beste Genauigkeit von allen.",
]


@pytest.mark.parametrize("text", TRUE)
def test_what_the_evidence_says_is_supported(text):
    checks = check_explanation(text, hand_made(), "C1")
    assert [check for check in checks if not check.supported] == []
    assert keep_supported(text, checks)[1] == 1


@pytest.mark.parametrize("text", FALSE)
def test_what_the_evidence_does_not_say_is_removed(text):
    checks = check_explanation(text, hand_made(), "C1")
    assert [check.note for check in checks if not check.supported]
    assert keep_supported(text, checks) == ("", 0.0)


def test_only_the_sentence_with_the_false_claim_goes():
    text = "C1 has an accuracy of 0.941. C1 takes 3 s. It uses rmsprop."
    checks = check_explanation(text, hand_made(), "C1")
    kept, share = keep_supported(text, checks)
    assert kept == "C1 has an accuracy of 0.941. It uses rmsprop."
    assert share == pytest.approx(2 / 3)


def test_each_check_names_the_evidence_or_the_fault():
    checks = check_explanation("C1 has an accuracy of 0.941, T1 one of 0.99.", hand_made(), "C1")
    right, wrong = (check for check in checks if check.kind == "number")
    assert (right.found, right.supported, right.evidence) == ("0.941", True, "C1.score")
    assert (wrong.found, wrong.supported, wrong.evidence) == ("0.99", False, None)
    assert "T1" in wrong.note


def test_an_empty_text_has_no_claims_and_keeps_nothing():
    assert check_explanation(" \n ", hand_made(), "C1") == []
    assert keep_supported("", []) == ("", 0.0)


def test_invisible_characters_hide_no_number():
    text = "C1 reaches an accu\u200bracy of 0.9\u200d7."
    assert not all(check.supported for check in check_explanation(text, hand_made(), "C1"))


@pytest.mark.parametrize(
    "piece",
    [
        "trials",
        "C1 and 0.1 ",
        "C1 trials hours ",
        "((((",
        " \t ",
        "0.1 to ",
        "n't",
        "é ",
        "10^",
        "a-",
    ],
)
def test_no_long_text_keeps_the_checks_busy(piece):
    # Patterns that backtrack without bound would never come back from these.
    for length in (400, 4_000):
        text = f"C1 {piece * (length // len(piece))} C2 has 0.941."
        check_explanation(text, hand_made(), "C1")


WORDS = (
    "C1 C2 T1 T9 target Xception adam lungs accuracy learning rate 0.941 1e-3 -5% 10^-4 higher than"
    " best lowers raises not . , ( ) ½ of in the s by"
)
words = st.sampled_from(tuple(WORDS.split()))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(), st.lists(words).map(" ".join)))
def test_any_text_can_be_checked(text):
    checks = check_explanation(text, hand_made(), "C1")
    kept, share = keep_supported(text, checks)
    assert 0 <= share <= 1
    # What is kept is supported again when it is read again.
    assert all(check.supported for check in check_explanation(kept, hand_made(), "C1"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evidences(), st.floats(0, 1).map(lambda share: f"{share:.4f}"))
def test_an_accuracy_is_supported_exactly_if_the_candidate_has_it(evidence, printed):
    first = evidence.candidates[0]
    checks = check_explanation(f"C1 has a score of {printed}.", evidence, "C1")
    numbers = [check for check in checks if check.kind == "number"]
    own = (first.score, first.relative_score)
    close = any(abs(float(printed) - value) <= 0.5e-4 + 1e-9 for value in own)
    assert [check.supported for check in numbers] == [close]
