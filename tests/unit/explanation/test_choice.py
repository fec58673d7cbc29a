"""Orders, ballots, what they come to, and how much of it counts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.explanation.choice import combine
from metallmix_kedro.language_models.ballots import (
    cyclic_orders,
    letter_log_probabilities,
)
from metallmix_kedro.language_models.language_model import Identity, Token
from metallmix_kedro.language_models.reply_text import split_thinking
from metallmix_kedro.language_models.vote_weights import VoteWeight, heard, read_weights
from metallmix_kedro.support import ArtifactError
from tests.made_evidence import LITE, MOBILE, XCEPTION, candidate, made_ballot

THREE = tuple(
    candidate(f"C{number}", configuration, 0.9, relative_score=relative)
    for number, configuration, relative in ((1, LITE, 0.95), (2, XCEPTION, 0.945), (3, MOBILE, 0.9))
)
REFS = ("C1", "C2", "C3")
ORDERS = cyclic_orders(REFS)


@given(st.integers(1, 8))
def test_over_all_orders_each_candidate_stands_once_in_each_place(n_candidates):
    refs = [f"C{number}" for number in range(1, n_candidates + 1)]
    orders = cyclic_orders(refs)
    assert len(orders) == n_candidates
    for place in zip(*orders, strict=True):
        assert sorted(place) == refs


def sampled(*choices: str | None, weight: float = 1):
    return combine(THREE, [made_ballot(*pair) for pair in zip(ORDERS, choices)], weight)  # noqa: B905


def spoken(order: tuple[str, ...], *shares: float):
    logs = tuple(math.log(share) for share in shares)
    return made_ballot(order, order[0] if order else None, log_probabilities=logs)


def test_without_probabilities_one_letter_an_order_stands_in_and_is_said_to():
    choice = sampled("C2", "C2", "C1")
    assert (choice.method, choice.preferred, choice.calibrated) == ("sampled", "C2", False)
    assert choice.support == {"C1": 0.3333, "C2": 0.6667, "C3": 0.0}
    assert choice.consistency == 0.6667
    assert choice.chosen == "C2"


def test_with_an_order_unanswered_places_do_not_cancel_out_and_nothing_counts():
    for choices in (("C2", "C2"), ("C2", "C2", None), (None, None, None)):
        choice = sampled(*choices)
        assert (choice.chosen, choice.preferred, choice.support) == ("C1", None, {})
    assert sampled("C2", "C2").n_answered == 2


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.floats(0, 1))
def test_a_model_that_looks_at_places_alone_changes_nothing(shares, weight):
    ballots = [spoken(order, *shares) for order in ORDERS]
    for blank in ([], [spoken((), *shares)]):
        choice = combine(THREE, [*ballots, *blank], weight)
        assert choice.chosen == "C1"
        assert list(choice.support.values()) == pytest.approx([1 / 3] * 3, abs=1e-3)


def test_what_is_said_to_the_blanked_list_is_divided_out():
    # It likes C2 a little and the first place a lot: by letters, A in every order.
    likes, place = {"C1": 0.3, "C2": 0.4, "C3": 0.3}, (0.8, 0.1, 0.1)
    ballots = [
        spoken(order, *(likes[ref] * share for ref, share in zip(order, place, strict=True)))
        for order in ORDERS
    ]
    biased = combine(THREE, ballots, 1)
    assert biased.consistency < 0.5
    choice = combine(THREE, [*ballots, spoken((), *place)], 1)
    assert choice.calibrated
    assert choice.support == {ref: pytest.approx(share) for ref, share in likes.items()}
    assert (choice.preferred, choice.consistency) == ("C2", 1)


@given(st.lists(st.sampled_from(REFS), min_size=3, max_size=3), st.floats(0, 1))
def test_a_prediction_is_given_up_for_a_vote_by_at_most_its_weight(choices, weight):
    choice = sampled(*choices, weight=weight)
    relative = {one.ref: one.relative_score for one in THREE}
    assert relative["C1"] - relative[choice.chosen] <= weight + 1e-4


@pytest.mark.parametrize(
    ("weight", "chosen"), [(0, "C1"), (0.004, "C1"), (0.006, "C2"), (0.04, "C2")]
)
def test_the_weight_is_what_a_unanimous_vote_makes_up_for(weight, chosen):
    assert sampled("C2", "C2", "C2", weight=weight).chosen == chosen


def test_a_candidate_is_not_chosen_for_its_prediction_alone():
    # Where the first is best on average, another may be predicted to be better.
    better = (THREE[2], THREE[1], THREE[0])
    orders = cyclic_orders([one.ref for one in better])
    ballots = [spoken(order, *[1 / 3] * 3) for order in orders]
    assert combine(better, ballots, 0.5).chosen == "C3"


def token(text: str, **alternatives: float) -> Token:
    return Token(text, tuple((name, math.log(share)) for name, share in alternatives.items()))


def test_probabilities_are_read_where_the_letter_stands():
    written = [token('{"'), token("choice"), token('": "', A=0.9), token("B", A=0.1, B=0.3, x=0.6)]
    whole = [*written, token('"}')]
    assert letter_log_probabilities(whole, 2) == pytest.approx(
        (math.log(0.1), math.log(0.3)), abs=1e-4
    )
    # What is not listed is as likely as the least likely letter that is.
    assert letter_log_probabilities(whole, 3)[2] == pytest.approx(math.log(0.1), abs=1e-4)
    # Letters that are not on the ballot, and texts without a choice, say nothing.
    assert letter_log_probabilities([token('{"choice":"'), token("A", C=0.5)], 2) is None
    assert letter_log_probabilities([token("B", A=0.1)], 2) is None


SHA = "0" * 64
TINY = Identity("ollama", "tiny:latest", "ab" * 32, None, None)
ROW = {
    **{"model": "tiny:latest", "digest": "ab" * 32, "prompt_sha256": SHA, "weight": "0.05"},
    "objective": "accuracy",
    **{"n_datasets": "15", "regret_with": "0.098", "regret_without": "0.104"},
    **{"consistency": float("nan"), "measured_on": "2026-11-29", "history": float("nan")},
}


def test_a_weight_holds_for_the_model_and_prompt_it_was_measured_with():
    measured = read_weights([ROW])
    assert heard(TINY, SHA, "accuracy", None, measured).weight == 0.05
    assert "measured on 15 datasets" in heard(TINY, SHA, "accuracy", None, measured).why
    for identity, prompt, objective in (
        (TINY, "1" * 64, "accuracy"),
        (TINY, SHA, "macro_f1"),
        (Identity("ollama", "tiny:latest", "cd" * 32, None, None), SHA, "accuracy"),
    ):
        weight, why = heard(identity, prompt, objective, None, measured)
        assert weight == 0
        assert "kedro run --pipelines=evaluation --tags=llm_ablation" in why
    assert heard(TINY, SHA, "accuracy", 0.3, measured).weight == 0.3


def test_a_broken_table_of_weights_names_the_column_and_the_mend():
    with pytest.raises(ArtifactError, match=r"llm_weights.*weight.*llm_ablation"):
        read_weights([{**ROW, "weight": "-1"}])
    with pytest.raises(ArtifactError, match="llm_weights"):
        read_weights([{name: value for name, value in ROW.items() if name != "digest"}])
    assert isinstance(read_weights([ROW])[0], VoteWeight)


@pytest.mark.parametrize(
    ("raw", "answer", "thinking"),
    [
        ('{"a": 1}', '{"a": 1}', None),
        ("<think>hm</think>\n{}", "\n{}", "hm"),
        ("hm</think>{}", "{}", "hm"),
        ("<think>a</think>b<think>c</think>{}", "{}", "a</think>b<think>c"),
        ("{} <think>hm", "{} <think>hm", None),
        ("<THINK>never ends {}", "", "never ends {}"),
        ('{"a": "</think>"}', '{"a": "</think>"}', None),
    ],
)
def test_thinking_is_split_from_the_answer(raw, answer, thinking):
    assert split_thinking(raw) == (answer, thinking)


def test_a_vote_for_a_letter_that_nobody_stands_under_is_none():
    ballots = [made_ballot(o, "C1").model_copy(update={"choice": "H"}) for o in ORDERS]
    assert combine(THREE, ballots, 1).n_answered == 0
