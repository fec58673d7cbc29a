"""Where a value may stand: sentences that small models wrote, and sentences one would write."""

import pytest

from metallmix_kedro.explanation.english.checks import fill_and_check
from tests.made_evidence import hand_made

GOOD = (
    "{C1} is predicted to reach {C1.accuracy} in {C1.time}.",
    "{C1} trains in only {C1.time}, {C2} needs {C2.time}.",
    "Its accuracy is {C1.accuracy} and its training time is {C1.time}.",
    "With an accuracy of {C1.accuracy} (time: {C1.time}) it is a good choice.",
    "{C1} reaches an {C1.accuracy} accuracy.",
    "Its optimizer contributes {C1.shap.optimizer}.",
    "The learning rate of the history adds {shap.learning_rate=1e-3}.",
    "{T1} and {T2} reached an accuracy of {T1.accuracy} and {T2.accuracy}.",
    "The interval {C2.interval} is that of {C2} with {C2.dense_units} dense units.",
)
BAD = (
    "{C1} is chosen to be the first to {C1.time}.",
    "{C1} is chosen to be the first to reach on {C1.accuracy}.",
    "Its training data includes {C1.time}.",
    "{C1} is a candidate for the next training, {C1.time}.",
    "{C1.accuracy} is predicted for {C1}.",
    "Its learning rate, {shap.learning_rate=1e-3} is set to improve it.",
)


def misplaced(sentence: str) -> list[str]:
    _, checks = fill_and_check(sentence, hand_made(), "C1")
    return [check.note for check in checks if check.kind == "reference" and not check.supported]


@pytest.mark.parametrize("sentence", GOOD)
def test_a_value_may_stand_where_one_would_write_it(sentence):
    assert misplaced(sentence) == []


@pytest.mark.parametrize("sentence", BAD)
def test_a_value_in_the_wrong_place_is_an_unsupported_claim(sentence):
    (note,) = misplaced(sentence)
    assert note.startswith("no ")
    assert note.endswith(" can stand there")


def test_being_the_first_to_do_something_cannot_be_supported():
    _, checks = fill_and_check("{C1} is the first to reach {C1.accuracy}.", hand_made(), "C1")
    assert [check.found for check in checks if not check.supported] == ["first to"]
