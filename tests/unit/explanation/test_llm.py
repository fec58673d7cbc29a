import math
import subprocess
import sys
import time
from pathlib import Path

import pytest

from metallmix_kedro.explanation import llm
from metallmix_kedro.explanation.prompt import DecisionPrompts
from metallmix_kedro.explanation.reply import Decision, LLMReply, decide
from metallmix_kedro.language_models.ballots import LETTERS
from metallmix_kedro.language_models.parameters import LLMParameters
from metallmix_kedro.language_models.vote_weights import VoteWeight
from tests import loopback_ollama as loopback
from tests.fabricated import SPACE
from tests.made_evidence import hand_made

FOLDER = Path(__file__).parents[3] / "conf/prompts/recommendation"
PROMPTS = DecisionPrompts(**{path.stem: path.read_text() for path in FOLDER.glob("*.txt")})
SAID = (
    {"kind": "prediction", "cites": "score and time", "words": "which is a sound plan"},
    {"kind": "contribution", "cites": "optimizer", "words": "and this is a clear reason"},
    {"kind": "past_trial", "cites": "T1", "words": ""},
)
GOOD = loopback.prefers("Xception", *SAID)


def parameters(url: str, **changes: object) -> LLMParameters:
    usual = {
        "model": "tiny",
        "base_url": url,
        "timeout_s": 30,
        "connect_timeout_s": 5,
        "vote_weight": 1,
    }
    return LLMParameters.model_validate({**usual, **changes})


def ask(server: loopback.LoopbackOllama, **changes: object) -> LLMReply:
    return llm.ask(hand_made(), PROMPTS, parameters(server.url, **changes), SPACE)


def chosen(reply: LLMReply) -> list[str | None]:
    return [one.choice and one.order[LETTERS.index(one.choice)] for one in reply.ballots]


def decided(reply: LLMReply, **changes: object) -> Decision:
    return decide(hand_made(), reply, SPACE, parameters("http://127.0.0.1:1", **changes))


def test_a_choice_that_follows_the_candidate_is_recorded_with_its_origin():
    with loopback.serving(GOOD) as server:
        reply = ask(server, seed=7)
    assert reply.error is None
    assert chosen(reply) == ["C2", "C2"]
    assert len({ballot.order for ballot in reply.ballots}) == 2
    assert (reply.provider_used, reply.model, reply.digest) == (
        "ollama",
        "tiny:latest",
        loopback.DIGEST,
    )
    assert (reply.quantisation, reply.server_version) == ("Q4_K_M", "0.13.5")
    assert (reply.temperature, reply.seed, reply.prompt_sha256) == (0, 7, PROMPTS.sha256)
    # Two votes and an explanation, each of 900 and 40 tokens, 4.5 and 1.6 s.
    assert (reply.prompt_tokens, reply.reply_tokens) == (2700, 120)
    assert (reply.prefill_s, reply.decoding_s) == (13.5, 4.8)
    decision = decided(reply, seed=7)
    assert (decision.chosen_ref, decision.decided_by, decision.explanation_by) == (
        "C2",
        "llm",
        "llm",
    )
    assert decision.explanation == (
        "C2 is predicted to reach an accuracy of 0.905 after a training time of 62 s, which is a "
        "sound plan. In C2, optimizer adam contributes +0.045 to the relative score and speaks for "
        'it, and this is a clear reason. T1 on "chest_ct" used backbone Xception with the last 10 '
        "layers trained and reached an accuracy of 0.912 after a training time of 31 s."
    )
    assert (decision.choice.consistency, decision.choice.method) == (1, "sampled")


def test_a_choice_that_follows_the_place_does_not_count():
    with loopback.serving(loopback.always("A", *SAID)) as server:
        reply = ask(server)
    decision = decided(reply)
    assert (decision.chosen_ref, decision.decided_by) == ("C1", "surrogate")
    assert decision.choice.consistency == 0.5
    assert "C1 stands before and after its vote" in decision.reason
    # What stands may still be explained in the model's words.
    assert (reply.explained_ref, decision.explanation_by) == ("C1", "llm")


def test_log_probabilities_count_where_the_server_gives_them():
    with loopback.serving(loopback.prefers("Xception", *SAID, log_probabilities=True)) as server:
        reply = ask(server)
    # Under the order C2, C1 it writes A; under the other B, after which no letter is left. Then
    # the list is blanked.
    assert [ballot.order for ballot in reply.ballots] == [("C1", "C2"), ("C2", "C1"), ()]
    assert reply.ballots[1].log_probabilities == pytest.approx(
        (math.log(0.7), math.log(0.3)), abs=1e-4
    )
    blanked = server.requests[2]["messages"][1]["content"].partition("Candidates:")[2]
    assert "A N/A\nB N/A" in blanked
    assert "Xception" not in blanked
    choice = decided(reply).choice
    assert (choice.method, choice.calibrated) == ("probabilities", True)
    assert server.requests[0]["top_logprobs"] == 20


def test_the_requests_fix_schema_seed_temperature_and_lengths():
    with loopback.serving(GOOD) as server:
        ask(server, seed=7, num_ctx=2048, num_predict=99)
    first, second, last = server.requests
    assert first["format"]["properties"]["choice"]["enum"] == ["A", "B"]
    assert first["options"]["num_predict"] == llm.VOTE_TOKENS
    assert last["options"] == {
        "seed": 7,
        "temperature": 0.8,
        "num_ctx": 2048,
        "num_predict": 99,
    }
    assert first["options"]["temperature"] == 0
    assert "explanation" in last["format"]["properties"]
    # What is constant comes first, so that a server reads it once.
    texts = [request["messages"][1]["content"] for request in (first, second, last)]
    constant = texts[0].partition("Candidates:")[0]
    assert "T3 MobileNetV2_0.35" in constant
    assert all(text.startswith(constant) for text in texts)
    assert first["messages"][0] == last["messages"][0]


@pytest.mark.parametrize("weight", [0, None])
def test_without_weight_no_vote_is_asked_and_why_is_said(weight):
    with loopback.serving(GOOD) as server:
        reply = ask(server, vote_weight=weight)
    assert (reply.ballots, reply.explained_ref, len(server.requests)) == ((), "C1", 1)
    decision = decided(reply)
    assert (decision.chosen_ref, decision.decided_by) == ("C1", "surrogate")
    assert decision.choice is None
    assert "weight 0" in decision.reason
    assert ("--tags=llm_ablation" in decision.reason) == (weight is None)


def test_what_was_measured_of_the_model_weighs_its_vote():
    measured = VoteWeight(
        model="tiny:latest",
        digest=loopback.DIGEST,
        prompt_sha256=PROMPTS.sha256,
        objective="accuracy",
        weight=0.2,
        n_datasets=15,
        regret_with=0.09,
        regret_without=0.1,
        consistency=0.9,
        measured_on="2026-11-29",
        history=None,
    )
    with loopback.serving(GOOD) as server:
        how = parameters(server.url, vote_weight=None)
        reply = llm.ask(hand_made(), PROMPTS, how, SPACE, [measured])
    assert (reply.weight, decided(reply).chosen_ref) == (0.2, "C2")


def vote(text: str, **more: str) -> loopback.Behaviour:
    return loopback.says(text, **more)


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (vote('{"choice": "A"'), "not valid JSON"),
        (vote('{"choice": "C9"}'), '"C9"; it has to be one of A, B'),
        (vote('{"choice": "A', done_reason="length"), "token limit"),
    ],
)
def test_an_unusable_vote_is_asked_for_again_with_the_error(first, told):
    with loopback.serving(first, GOOD) as server:
        reply = ask(server)
    assert chosen(reply) == ["C2", "C2"]
    assert reply.ballots[0].attempts == 2
    assert told in server.requests[1]["messages"][-1]["content"]


def test_after_the_last_retry_the_error_stands_and_the_surrogate_decides():
    with loopback.serving(vote('{"choice": "C9"}')) as server:
        reply = ask(server, retries=1)
    assert [ballot.attempts for ballot in reply.ballots] == [2, 2]
    assert all('"C9"' in ballot.error for ballot in reply.ballots)
    decision = decided(reply)
    assert (decision.chosen_ref, decision.decided_by) == ("C1", "surrogate")
    assert "answered 0 of 2 orders" in decision.reason


def test_a_server_that_dies_between_votes_and_explanation_loses_no_choice():
    with loopback.serving(GOOD, GOOD, loopback.resets) as server:
        reply = ask(server, retries=0)
    assert "broke off" in reply.error
    decision = decided(reply)
    assert (decision.chosen_ref, decision.decided_by) == ("C2", "llm")
    assert decision.explanation_by == "attributions"


def test_a_server_that_dies_between_votes_keeps_what_was_said():
    with loopback.serving(GOOD, loopback.resets) as server:
        reply = ask(server, retries=0)
        assert len(server.requests) == 2
    assert chosen(reply) == ["C2", None]
    decision = decided(reply)
    # Of one order of two, places do not cancel out.
    assert (decision.chosen_ref, decision.decided_by) == ("C1", "surrogate")
    assert "broke off" in decision.reason


@pytest.mark.parametrize("think", [True, False])
def test_what_a_reasoning_model_thinks_is_recorded_and_no_part_of_the_answer(think):
    aloud = loopback.thinks("A? B?", '{"choice": "B"}')
    with loopback.serving(aloud, aloud, GOOD) as server:
        server.capabilities = ["completion", "thinking"]
        reply = ask(server, think=think)
    assert [request["think"] for request in server.requests] == [think] * 3
    assert reply.ballots[0].raw == '{"choice": "B"}'
    assert reply.ballots[0].thinking == ("A? B?" if think else None)


def test_thinking_in_tags_is_taken_out_too():
    tagged = vote('<think>A or B?</think>{"choice": "B"}')
    with loopback.serving(tagged, tagged, GOOD) as server:
        reply = ask(server)
        assert "think" not in server.requests[0]
    assert (reply.ballots[0].raw, reply.ballots[0].thinking) == ('{"choice": "B"}', "A or B?")


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
    assert reply.ballots[0].error
    decision = decided(reply)
    assert (decision.chosen_ref, decision.decided_by) == ("C1", "surrogate")
    assert "answered 0 of 2 orders" in decision.reason


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
    assert (len(reply.ballots), reply.ballots[0].attempts) == (1, 1)


def test_a_partial_reply_is_kept():
    with loopback.serving(loopback.resets) as server:
        reply = ask(server, retries=0)
    assert reply.ballots[0].raw == '{"choice": "C2", "expl'


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
        llm.ask(hand_made(), PROMPTS, parameters(nowhere, provider="ollama"), SPACE)


@pytest.mark.parametrize("weight", [0, 1])
def test_with_ollama_a_model_that_answers_nothing_is_an_error(weight):
    with (
        loopback.serving(loopback.fails) as server,
        pytest.raises(llm.LLMUnavailableError, match="model runner has crashed"),
    ):
        ask(server, provider="ollama", vote_weight=weight)


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
        "from tests.declared_space import declare_base\n"
        "declare_base()\n"
        "from metallmix_kedro.explanation import llm\n"
        "from tests.unit.explanation.test_llm import PROMPTS, parameters\n"
        "from tests.made_evidence import hand_made\n"
        "from tests.fabricated import SPACE\n"
        f"url = 'http://127.0.0.1:{loopback.free_port()}'\n"
        "assert llm.ask(hand_made(), PROMPTS, parameters(url), SPACE).error\n"
        "heavy = ('langchain_core', 'langchain_ollama', 'ollama', 'httpx', 'tensorflow', 'shap')\n"
        "sys.exit(', '.join(name for name in heavy if name in sys.modules) or 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "x:port", "http://", "http://a b", "http://user:pw@host", "file:///etc"],
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="base_url"):
        parameters(url)
