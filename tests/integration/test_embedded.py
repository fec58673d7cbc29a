"""One recommendation by a real model inside this process, without any server.

The weights are what METALLMIX_TEST_SMALL_MODEL names (a GGUF file of a very small model), or what
the reference material beside the repository puts there.
"""

import json
from pathlib import Path

import jsonschema
import pytest

from metallmix_kedro.explanation import llm
from metallmix_kedro.explanation.claims import offered
from metallmix_kedro.explanation.prompt import DecisionPrompts
from metallmix_kedro.explanation.reply import decide
from metallmix_kedro.language_models.language_model import Request
from metallmix_kedro.language_models.parameters import LLMParameters
from metallmix_kedro.language_models.providers import connect
from tests.fabricated import SPACE
from tests.independent_check import false_facts
from tests.made_evidence import hand_made
from tests.small_models import find_weights

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "conf/prompts/recommendation"
PROMPTS = DecisionPrompts(**{path.stem: path.read_text() for path in FOLDER.glob("*.txt")})


@pytest.fixture(scope="module")
def parameters() -> LLMParameters:
    pytest.importorskip("xllamacpp", reason="no llama.cpp: install the extra 'embedded'")
    return LLMParameters.model_validate(
        {
            "provider": "embedded",
            "embedded": {"path": str(find_weights("METALLMIX_TEST_SMALL_MODEL", "smol"))},
            "timeout_s": 600,
            "num_ctx": 2048,
            "num_thread": 1,
            "vote_weight": 1,
        }
    )


def test_the_smallest_model_gives_a_recommendation_that_stands(parameters):
    reply = llm.ask(hand_made(), PROMPTS, parameters, SPACE)
    assert (reply.provider_used, reply.quantisation) == ("embedded", "Q4_1")
    assert len(reply.digest) == 64
    assert reply.prefill_s > 0
    assert reply.decoding_s > 0
    # Two orders, and the same list with its contents blanked.
    assert [ballot.error for ballot in reply.ballots] == [None, None, None]
    assert [len(ballot.order) for ballot in reply.ballots] == [2, 2, 0]
    assert all(len(ballot.log_probabilities) == 2 for ballot in reply.ballots)
    assert reply.error is None
    jsonschema.validate(
        json.loads(reply.raw),
        llm.explanation_schema(offered(hand_made(), [reply.explained_ref])),
    )
    decision = decide(hand_made(), reply, SPACE, parameters)
    assert decision.choice.calibrated
    assert sum(decision.choice.support.values()) == pytest.approx(1, abs=0.001)
    assert (decision.decided_by == "llm") == (decision.choice.chosen != "C1")
    assert decision.explanation_by == "llm"
    assert false_facts(decision.explanation, hand_made(), decision.chosen_ref) == []


def test_it_stops_when_the_time_is_up_and_can_be_asked_again(parameters):
    model = connect(parameters)
    story = Request(
        messages=[("human", "Tell a story.")],
        schema={"type": "array", "items": {"type": "string"}, "minItems": 200},
        temperature=0,
        seed=1,
        num_predict=1500,
    )
    late = model.ask(story, seconds=1.0)
    assert "did not finish within 1 s" in late.error
    short = Request(
        messages=[("human", "A or B?")],
        schema={"type": "object", "properties": {"choice": {"enum": ["A", "B"]}}},
        temperature=0,
        seed=1,
        num_predict=20,
    )
    again = model.ask(short, seconds=600)
    assert again.error is None or "token limit" in again.error
    assert again.reply_tokens > 0
