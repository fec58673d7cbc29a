"""Examples to tune a model on: asked as the product asks, answered by what it would accept."""

import json

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metallmix_kedro.explanation import llm
from metallmix_kedro.explanation.claims import (
    CLAIM_KINDS,
    explain,
    is_complete,
    offered,
    parse_claims,
)
from metallmix_kedro.explanation.tuning_examples import (
    choice_example,
    explanation_example,
    random_words,
)
from metallmix_kedro.explanation.words import are_free_words
from tests import loopback_ollama as loopback
from tests.independent_check import false_facts
from tests.made_evidence import evidences, hand_made
from tests.unit.explanation.test_llm import GOOD, PROMPTS, ask


def test_they_are_asked_word_for_word_as_a_recommendation_asks():
    with loopback.serving(GOOD) as server:
        ask(server)
        sent = [request["messages"] for request in server.requests if "messages" in request]
    orders = (("C1", "C2"), ("C2", "C1"))
    choices = [choice_example(hand_made(), order, "C2", PROMPTS) for order in orders]
    assert [json.loads(one[-1]["content"]) for one in choices] == [{"choice": "B"}, {"choice": "A"}]
    explained = explanation_example(hand_made(), "C2", PROMPTS, np.random.default_rng(0))
    asked = [one[:-1] for one in (*choices, explained)]
    assert [one for one in asked if one not in sent] == []


@given(evidences(), st.integers(0, 1000))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
def test_every_explanation_is_one_that_the_product_accepts_as_true(evidence, seed):
    for ref in (one.ref for one in evidence.candidates):
        rng = np.random.default_rng(seed)
        reply = explanation_example(evidence, ref, PROMPTS, rng)[-1]["content"]
        jsonschema.validate(json.loads(reply), llm.explanation_schema(offered(evidence, [ref])))
        made = explain(parse_claims(reply), evidence, ref)
        assert made.share == 1
        assert is_complete(made, evidence, ref)
        assert false_facts(made.text, evidence, ref) == []


@pytest.mark.parametrize("kind", CLAIM_KINDS)
def test_words_are_drawn_out_of_all_that_are_free(kind):
    rng = np.random.default_rng(0)
    drawn = {random_words(kind, rng) for _ in range(200)}
    assert [one for one in drawn if not are_free_words(kind, one)] == []
    assert len(drawn) > 150
    assert {" to " in one for one in drawn} == {True, False}
