"""Orders, ballots and what they come to."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.explanation.choice import on_the_ballot, orders_of, tally
from metallmix_kedro.language_models.ballots import letter_probabilities, make_orders
from metallmix_kedro.language_models.language_model import Token
from metallmix_kedro.language_models.parameters import LLMParameters
from metallmix_kedro.language_models.reply_text import split_thinking
from tests.made_evidence import LITE, MOBILE, OPEN, XCEPTION, candidate, hand_made, made_ballot

THREE = tuple(
    candidate(f"C{number}", configuration, 0.9, relative_score=relative)
    for number, configuration, relative in ((1, LITE, 0.95), (2, XCEPTION, 0.945), (3, MOBILE, 0.9))
)


@given(st.integers(1, 8), st.integers(2, 24), st.integers(0, 1000))
def test_orders_are_different_permutations(n_candidates, n_orders, seed):
    refs = [f"C{number}" for number in range(1, n_candidates + 1)]
    orders = make_orders(refs, n_orders, seed)
    assert len(orders) == min(n_orders, math.factorial(n_candidates)) == len(set(orders))
    assert all(sorted(order) == refs for order in orders)
    assert orders == make_orders(refs, n_orders, seed)


@given(st.integers(2, 8), st.integers(0, 1000))
def test_over_as_many_orders_as_candidates_each_stands_once_in_each_place(n_candidates, seed):
    refs = [f"C{number}" for number in range(1, n_candidates + 1)]
    for place in zip(*make_orders(refs, n_candidates, seed), strict=True):
        assert sorted(place) == refs


@pytest.mark.parametrize(
    ("max_gap", "refs"),
    [(0, ["C1"]), (0.004, ["C1"]), (0.005, ["C1", "C2"]), (1, ["C1", "C2", "C3"])],
)
def test_only_candidates_close_to_the_first_are_on_the_ballot(max_gap, refs):
    assert [one.ref for one in on_the_ballot(THREE, max_gap)] == refs


def vote(*choices: str | None, **parameters: float):
    settings = OPEN.model_copy(update=parameters)
    orders = orders_of(THREE, settings)
    ballots = [made_ballot(*pair) for pair in zip(orders, choices, strict=False)]
    return tally(THREE, ballots, settings)


def test_a_choice_counts_from_the_least_consistency_on():
    # Four orders: three agreeing are 0.75, two are 0.5.
    assert vote("C2", "C2", "C2", "C1").counts
    assert not vote("C2", "C2", "C1", "C3").counts
    assert vote("C2", "C2", "C1", "C3", min_consistency=0.5).counts
    choice = vote("C2", "C2", "C2", "C1")
    assert (choice.chosen, choice.consistency, choice.method) == ("C2", 0.75, "votes")
    assert choice.support == {"C1": 0.25, "C2": 0.75, "C3": 0.0}


def test_an_order_that_was_not_answered_counts_against_the_choice():
    assert not vote("C2", "C2", None, None).counts
    assert not vote("C2", "C2").counts
    assert vote(None, None, None, None).chosen is None


def test_a_model_that_looks_at_places_alone_never_counts():
    for letter in range(3):
        orders = orders_of(THREE, OPEN)
        ballots = [made_ballot(order, order[letter]) for order in orders]
        assert not tally(THREE, ballots, OPEN).counts


def test_a_vote_for_somebody_not_on_the_ballot_is_none():
    settings = LLMParameters(max_gap=0.005)
    ballots = [made_ballot(("C1", "C2"), "C3"), made_ballot(("C2", "C1"), "C3")]
    choice = tally(THREE, ballots, settings)
    assert (choice.n_answered, choice.chosen, choice.counts) == (0, None, False)
    assert choice.left_out == ("C3",)


def token(text: str, **alternatives: float) -> Token:
    return Token(text, tuple((name, math.log(share)) for name, share in alternatives.items()))


def test_probabilities_are_read_where_the_letter_stands():
    written = [token('{"'), token("choice"), token('": "', A=0.9), token("B", A=0.1, B=0.3, x=0.6)]
    assert letter_probabilities([*written, token('"}')], ("C2", "C1")) == {"C2": 0.25, "C1": 0.75}
    # Letters that are not on the ballot, and texts without a choice, say nothing.
    assert letter_probabilities([token('{"choice":"'), token("A", C=0.5)], ("C2", "C1")) is None
    assert letter_probabilities([token("B", A=0.1)], ("C2", "C1")) is None


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


def test_evidence_written_by_hand_has_two_candidates_far_apart():
    assert orders_of(hand_made().candidates, LLMParameters()) == []
