import json
import subprocess
import sys
import time

import pytest

from metallmix_kedro.recommendation import llm
from metallmix_kedro.recommendation.llm_parameters import LLMParameters
from metallmix_kedro.recommendation.prompt import PromptTexts
from metallmix_kedro.recommendation.reply import decide
from tests import loopback_ollama as loopback
from tests.fabricated import SPACE
from tests.made_evidence import hand_made

PROMPTS = PromptTexts(system="Choose.", user="Target {{ evidence.target.name | name }}")
GOOD = loopback.answers(choice="C2", explanation=["C2 is predicted to reach 0.905 accuracy."])


def parameters(url: str, **changes: object) -> LLMParameters:
    usual = {"model": "tiny", "base_url": url, "timeout_s": 30, "connect_timeout_s": 5}
    return LLMParameters.model_validate({**usual, **changes})


def ask(server: loopback.LoopbackOllama, **changes: object):
    return llm.ask(hand_made(), PROMPTS, parameters(server.url, **changes))


def test_a_good_reply_is_recorded_with_its_origin():
    with loopback.serving(GOOD) as server:
        reply = ask(server, seed=7)
    assert reply.error is None
    assert json.loads(reply.raw)["choice"] == "C2"
    assert (reply.provider_used, reply.model, reply.digest) == (
        "ollama",
        "tiny:latest",
        loopback.DIGEST,
    )
    assert (reply.quantisation, reply.server_version) == ("Q4_K_M", "0.13.5")
    assert (reply.prompt_tokens, reply.reply_tokens, reply.attempts) == (900, 40, 1)
    assert (reply.temperature, reply.seed, reply.prompt_sha256) == (0, 7, PROMPTS.sha256)
    decision = decide(hand_made(), reply, SPACE)
    assert (decision.chosen_ref, decision.decided_by, decision.explanation_by) == (
        "C2",
        "llm",
        "llm",
    )


def test_the_request_fixes_schema_seed_temperature_and_lengths():
    with loopback.serving(GOOD) as server:
        ask(server, seed=7, num_ctx=2048, num_predict=99)
    (request,) = server.requests
    assert request["format"]["properties"]["choice"]["enum"] == ["C1", "C2"]
    assert request["options"] == {
        "seed": 7,
        "temperature": 0.0,
        "num_ctx": 2048,
        "num_predict": 99,
    }
    assert [message["content"] for message in request["messages"]] == ["Choose.", "Target lungs"]


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (loopback.says('{"choice": "C2"'), "not valid JSON"),
        (loopback.answers(choice="C9", explanation="x"), "'C9'; it has to be one of C1, C2"),
        (loopback.answers(choice="C1", explanation=3), "not a text"),
        (loopback.says('{"choice": "C1", "expl', done_reason="length"), "token limit"),
    ],
)
def test_an_unusable_reply_is_asked_for_again_with_the_error(first, told):
    with loopback.serving(first, GOOD) as server:
        reply = ask(server)
    assert reply.error is None
    assert (reply.attempts, reply.reply_tokens) == (2, 80)
    assert told in server.requests[1]["messages"][-1]["content"]


def test_after_the_last_retry_the_error_stands_and_the_surrogate_decides():
    with loopback.serving(loopback.answers(choice="C9", explanation="x")) as server:
        reply = ask(server, retries=1)
    assert (reply.attempts, len(server.requests)) == (2, 2)
    decision = decide(hand_made(), reply, SPACE)
    assert (decision.chosen_ref, decision.decided_by) == ("C1", "surrogate")
    assert "'C9'" in decision.reason


@pytest.mark.parametrize(
    "behaviour",
    [
        loopback.resets,
        loopback.ends_early,
        loopback.fails,
        loopback.fails_in_stream,
        loopback.babbles,
        loopback.confuses,
        loopback.floods,
        loopback.says(""),
        loopback.says("\\ud800 \ud83d", "stop"),
    ],
    ids=lambda behaviour: behaviour.__name__,
)
def test_whatever_a_broken_server_does_the_surrogate_decides(behaviour):
    with loopback.serving(behaviour) as server:
        reply = ask(server, retries=0)
    assert reply.error
    decision = decide(hand_made(), reply, SPACE)
    assert (decision.chosen_ref, decision.decided_by) == ("C1", "surrogate")
    assert reply.error in decision.reason


@pytest.mark.parametrize(
    "behaviour", [loopback.hangs, loopback.stalls, loopback.never_ends], ids=lambda b: b.__name__
)
def test_the_time_limit_holds_for_the_whole_conversation(behaviour):
    with loopback.serving(behaviour) as server:
        start = time.monotonic()
        reply = ask(server, timeout_s=1.0, retries=3)
        # Not a measurement: without the limit this would take a minute, or never end.
        assert time.monotonic() - start < 20
    assert "did not finish within" in reply.error
    assert reply.attempts == 1


def test_a_partial_reply_is_kept():
    with loopback.serving(loopback.resets) as server:
        reply = ask(server, retries=0)
    assert reply.raw == '{"choice": "C2", "expl'


def test_with_auto_a_missing_model_is_no_error_and_says_how_to_get_it():
    with loopback.serving(GOOD, models=["other:7b"]) as server:
        reply = ask(server, model="qwen2.5-coder:7b")
        assert (reply.provider_used, reply.attempts) == ("none", 0)
        assert "ollama pull qwen2.5-coder:7b" in reply.error
        assert server.requests == []


def test_with_ollama_a_missing_model_or_server_is_an_error():
    with (
        loopback.serving(GOOD, models=[]) as server,
        pytest.raises(llm.LLMUnavailableError, match="ollama pull tiny"),
    ):
        ask(server, provider="ollama")
    nowhere = f"http://127.0.0.1:{loopback.free_port()}"
    with pytest.raises(llm.LLMUnavailableError, match="ollama serve"):
        llm.ask(hand_made(), PROMPTS, parameters(nowhere, provider="ollama"))


@pytest.mark.parametrize(
    ("version", "tags"),
    [
        (None, b"{}"),
        (b"<html>", b"{}"),
        (b"[1]", b"{}"),
        (b"[" * 100_000, b"{}"),
        (b'{"version": 5}', b'{"models": {"name": 3}}'),
        (b"{}", b'{"models": [1, null, {"name": "tiny"}]}'),
        (b"{}", b"\xff\xfe"),
    ],
)
def test_what_is_no_ollama_server_is_left_alone(version, tags):
    with loopback.serving(GOOD) as server:
        server.version_answer, server.tags_answer = version, tags
        reply = ask(server, connect_timeout_s=0.3)
    assert reply.provider_used == "none"
    assert server.url in reply.error


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{loopback.free_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{loopback.free_port()}")
    with loopback.serving(GOOD) as server:
        assert ask(server).error is None


def test_provider_none_asks_nobody():
    with loopback.serving(GOOD) as server:
        reply = ask(server, provider="none")
    assert "provider is none" in reply.error
    assert server.requests == []


def test_without_a_server_no_langchain_is_imported():
    code = (
        "import sys\n"
        "from metallmix_kedro.recommendation import llm\n"
        "from tests.unit.recommendation.test_llm import PROMPTS, parameters\n"
        "from tests.made_evidence import hand_made\n"
        f"url = 'http://127.0.0.1:{loopback.free_port()}'\n"
        "assert llm.ask(hand_made(), PROMPTS, parameters(url)).error\n"
        "heavy = ('langchain_core', 'langchain_ollama', 'ollama', 'httpx', 'tensorflow', 'shap')\n"
        "sys.exit(', '.join(name for name in heavy if name in sys.modules) or 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "127.0.0.1:11434", "http://", "http://a b", "http://user:pw@host", "file:///etc"],
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="base_url"):
        parameters(url)
