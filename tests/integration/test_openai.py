"""A server that speaks OpenAI's protocol: llama.cpp's own, from the wheel of the embedded model."""

import pytest

from metallmix_kedro.explanation import llm
from metallmix_kedro.explanation.reply import decide
from metallmix_kedro.language_models.embedded_model import _load
from metallmix_kedro.language_models.language_model import LLMUnavailableError
from metallmix_kedro.language_models.parameters import LLMParameters
from metallmix_kedro.language_models.providers import connect
from metallmix_kedro.language_models.servers import Models, fetch
from tests.fabricated import SPACE
from tests.independent_check import false_facts
from tests.made_evidence import hand_made
from tests.small_models import find_weights
from tests.unit.explanation.test_llm import PROMPTS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def parameters() -> LLMParameters:
    pytest.importorskip("xllamacpp", reason="no llama.cpp: install the extra 'embedded'")
    pytest.importorskip("langchain_openai", reason="install the extra 'openai'")
    server, _ = _load(find_weights("METALLMIX_TEST_SMALL_MODEL", "smol"), 2048, 1)
    address = server.listening_address
    listed = fetch(address, "/v1/models", 60, Models, server="OpenAI")
    return LLMParameters.model_validate(
        {
            "provider": "openai",
            "base_url": address,
            "model": listed.data[0].id,
            "timeout_s": 600,
            "vote_weight": 1,
        }
    )


def test_its_probabilities_are_heard_and_its_explanation_stands(parameters):
    reply = llm.ask(hand_made(), PROMPTS, parameters, SPACE)
    assert (reply.provider_used, reply.digest, reply.error) == ("openai", None, None)
    assert [ballot.error for ballot in reply.ballots] == [None, None, None]
    assert all(len(ballot.log_probabilities) == 2 for ballot in reply.ballots)
    assert reply.prompt_tokens > 1000
    decision = decide(hand_made(), reply, SPACE, parameters)
    assert (decision.choice.method, decision.choice.calibrated) == ("probabilities", True)
    assert decision.explanation_by == "llm"
    assert false_facts(decision.explanation, hand_made(), decision.chosen_ref) == []


def test_a_model_that_it_has_not_is_named_with_those_it_has(parameters):
    with pytest.raises(LLMUnavailableError, match=parameters.model):
        connect(parameters.model_copy(update={"model": "absent"}))
