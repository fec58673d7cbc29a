"""One recommendation and one verdict from a real Ollama server with a real, very small model.

The server is `ollama` on the PATH or what the environment variable METALLMIX_OLLAMA names
(`tests/tools/install_ollama.sh` builds one); the weights are what METALLMIX_TEST_MODEL names, a
GGUF file with a ChatML template, or what the reference material beside the repository puts there.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from metallmix_kedro.evaluation.parameters import JudgeParameters
from metallmix_kedro.explanation import llm
from metallmix_kedro.explanation.claims import offered
from metallmix_kedro.explanation.prompt import DecisionPrompts, PromptTexts
from metallmix_kedro.explanation.reply import LLMReply, decide
from metallmix_kedro.judging.judge import judge_recommendation
from metallmix_kedro.judging.rating import CRITERIA
from metallmix_kedro.language_models.parameters import LLMParameters
from tests.fabricated import SPACE
from tests.independent_check import false_facts
from tests.loopback_ollama import free_port
from tests.made_evidence import hand_made
from tests.small_models import find_weights

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MODEL = "metallmix-test"
TEMPLATE = '''FROM {weights}
TEMPLATE """{{{{ range .Messages }}}}<|im_start|>{{{{ .Role }}}}
{{{{ .Content }}}}<|im_end|>
{{{{ end }}}}<|im_start|>assistant
"""
PARAMETER stop <|im_end|>
'''
PATIENCE_S = 600
"""A busy machine without vector instructions in its server may need minutes."""
THREADS = 1
"""Two threads that wait for each other on a busy machine are far slower than one."""


def find_server() -> str:
    server = os.environ.get("METALLMIX_OLLAMA") or shutil.which("ollama")
    if not server or not Path(server).exists():
        pytest.skip("no ollama: set METALLMIX_OLLAMA, or run tests/tools/install_ollama.sh")
    return server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own on a free port, with one model imported from a local file."""
    program, weights = find_server(), find_weights("METALLMIX_TEST_MODEL", "qwen")
    home = tmp_path_factory.mktemp("ollama")
    host, port = "127.0.0.1", free_port()
    places = {
        "OLLAMA_HOST": f"{host}:{port}",
        "OLLAMA_MODELS": str(home / "models"),
        "HOME": str(home),
    }
    environment = {**os.environ, **places}
    modelfile = home / "Modelfile"
    modelfile.write_text(TEMPLATE.format(weights=weights))
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve"], env=environment, stdout=log, stderr=log)
    try:
        wait_for((host, port), process)
        create = [program, "create", MODEL, "-f", str(modelfile)]
        subprocess.run(create, env=environment, check=True, capture_output=True, timeout=120)
        yield f"http://{host}:{port}"
    finally:
        process.terminate()
        process.wait(30)
        # Half a gigabyte; pytest would keep it for three more runs.
        shutil.rmtree(home)


def wait_for(address: tuple[str, int], process: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        if process.poll() is not None:
            pytest.fail(f"ollama serve ended with {process.returncode}")
        try:
            socket.create_connection(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("ollama serve did not answer within 30 s")


def settings(server: str) -> dict[str, Any]:
    return {
        "model": MODEL,
        "base_url": server,
        "timeout_s": PATIENCE_S,
        "connect_timeout_s": 10,
        "num_thread": THREADS,
    }


def texts(name: str) -> dict[str, str]:
    folder = ROOT / "conf/prompts" / name
    return {path.stem: path.read_text() for path in folder.glob("*.txt")}


@pytest.fixture(scope="module")
def parameters(server: str) -> LLMParameters:
    return LLMParameters(provider="ollama", vote_weight=1, **settings(server))


@pytest.fixture(scope="module")
def reply(parameters: LLMParameters) -> LLMReply:
    prompts = DecisionPrompts(**texts("recommendation"))
    return llm.ask(hand_made(), prompts, parameters, SPACE)


def test_a_real_model_gives_a_recommendation_that_stands(reply, parameters):
    assert reply.provider_used == "ollama"
    assert reply.model == f"{MODEL}:latest"
    assert len(reply.digest) == 64
    assert reply.quantisation == "Q4_K_M"
    assert reply.reply_tokens > 10
    assert reply.response_time_s > 0
    assert reply.prefill_s > 0
    assert reply.decoding_s > 0
    decision = decide(hand_made(), reply, SPACE, parameters)
    assert decision.chosen_ref in ("C1", "C2")
    assert decision.choice.method == "probabilities"
    assert (decision.decided_by == "llm") == (decision.choice.chosen != "C1")
    # Whatever it wrote, nothing unsupported is shown.
    assert decision.explanation_by == "llm"
    assert false_facts(decision.explanation, hand_made(), decision.chosen_ref) == []


def test_a_real_server_keeps_the_schemas_and_tells_probabilities(reply):
    # Two orders, and the same list with its contents blanked.
    assert [ballot.error for ballot in reply.ballots] == [None, None, None]
    assert all(len(ballot.log_probabilities) == 2 for ballot in reply.ballots)
    # Claims that hold, and words without digits.
    assert reply.error is None
    jsonschema.validate(
        json.loads(reply.raw),
        llm.explanation_schema(offered(hand_made(), [reply.explained_ref])),
    )


def test_a_real_judge_scores_within_the_scale_or_not_at_all(server, reply, parameters):
    decision = decide(hand_made(), reply, SPACE, parameters)
    recommendation = {
        **decision.model_dump(mode="json"),
        "evidence": hand_made().model_dump(mode="json"),
        "configuration": hand_made().candidate(decision.chosen_ref).configuration.as_dict(),
        "provenance": {"llm_reply": reply.model_dump(mode="json")},
    }
    judge = JudgeParameters(provider="ollama", **settings(server))
    verdict = judge_recommendation(recommendation, PromptTexts(**texts("judge")), judge)
    assert verdict["status"] in ("judged", "no usable verdict")
    assert verdict["exact"]["claims_shown"] == 1
    if verdict["status"] == "judged":
        assert set(verdict["scores"]) == set(CRITERIA)
        assert all(0 <= score <= 4 for score in verdict["scores"].values())
