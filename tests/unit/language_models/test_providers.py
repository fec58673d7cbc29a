"""Finding and fetching an embedded model's weights, and the order in which models are tried."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from metallmix_kedro.language_models.embedded_weights import quantisation, ready_weights
from metallmix_kedro.language_models.language_model import LLMUnavailableError
from metallmix_kedro.language_models.parameters import EmbeddedParameters, LLMParameters
from metallmix_kedro.language_models.providers import connect
from tests import loopback_ollama as loopback

WEIGHTS = b"GGUF" + b"\x03\0\0\0" + b"\0" * 16 + b"weights" * 5000
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """A model hub on loopback that holds one file."""
    served = tmp_path / "hub"
    served.mkdir()
    (served / "tiny.gguf").write_bytes(WEIGHTS)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(served))

        def log_message(self, *arguments: object) -> None:
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_weights_are_fetched_once_and_checked(hub, tmp_path):
    path = tmp_path / "models/tiny.gguf"
    wanted = EmbeddedParameters(path=str(path), url=f"{hub}/tiny.gguf", sha256=SHA256)
    assert ready_weights(wanted) == (path, SHA256)
    nowhere = wanted.model_copy(update={"url": "http://127.0.0.1:9/tiny.gguf"})
    assert ready_weights(nowhere) == (path, SHA256)
    assert [entry.name for entry in path.parent.iterdir()] == ["tiny.gguf"]


def test_another_file_than_expected_is_thrown_away(hub, tmp_path):
    path = tmp_path / "tiny.gguf"
    wanted = EmbeddedParameters(path=str(path), url=f"{hub}/tiny.gguf", sha256="0" * 64)
    with pytest.raises(LLMUnavailableError, match="it was thrown away"):
        ready_weights(wanted)
    assert not path.exists()
    assert [entry for entry in tmp_path.iterdir() if entry.is_file()] == []


@pytest.mark.parametrize(
    ("url", "said"), [("/absent.gguf", "404"), (":1/tiny.gguf", "cannot be fetched")]
)
def test_a_hub_that_has_it_not_is_named(hub, tmp_path, url, said):
    path = tmp_path / "tiny.gguf"
    address = hub + url if url.startswith("/") else "http://127.0.0.1" + url
    with pytest.raises(LLMUnavailableError, match=said):
        ready_weights(EmbeddedParameters(path=str(path), url=address, sha256=SHA256))
    assert not path.exists()


def test_a_file_that_is_missing_or_no_model_or_another_one_is_named(tmp_path):
    path = tmp_path / "x.gguf"
    with pytest.raises(LLMUnavailableError, match=r"no model file .*llm\.embedded\.url"):
        ready_weights(EmbeddedParameters(path=str(path)))
    path.write_bytes(b"not weights")
    with pytest.raises(LLMUnavailableError, match="is no GGUF file"):
        ready_weights(EmbeddedParameters(path=str(path)))
    path.write_bytes(WEIGHTS)
    with pytest.raises(LLMUnavailableError, match=f"has the SHA-256 {SHA256}"):
        ready_weights(EmbeddedParameters(path=str(path), sha256="0" * 64))


def test_a_download_needs_a_checksum():
    with pytest.raises(ValueError, match=r"needs embedded\.sha256"):
        EmbeddedParameters(url="https://example.org/tiny.gguf")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("smollm2-135m-instruct-q4_1", "Q4_1"),
        ("Mistral-7B-v0.3.IQ3_XXS", "IQ3_XXS"),
        ("llama-f16", "F16"),
        ("model", None),
        ("seq2seq-bf161", None),
    ],
)
def test_a_quantisation_is_what_the_name_says(name, said):
    assert quantisation(Path(f"{name}.gguf")) == said


def parameters(url: str, **changes: object) -> LLMParameters:
    usual = {"model": "tiny", "base_url": url, "connect_timeout_s": 5}
    return LLMParameters.model_validate({**usual, **changes})


def test_auto_takes_ollama_first():
    with loopback.serving(loopback.hangs) as server:
        model = connect(parameters(server.url, embedded={"path": "nowhere.gguf"}))
    assert (model.identity.provider, model.identity.name) == ("ollama", "tiny:latest")


def test_auto_says_all_that_it_tried():
    nowhere = f"http://127.0.0.1:{loopback.free_port()}"
    with pytest.raises(LLMUnavailableError, match=r"ollama serve.*embedded model: There is"):
        connect(parameters(nowhere, embedded={"path": "nowhere.gguf"}))


def test_an_embedded_model_that_is_not_configured_is_an_error_if_it_is_demanded():
    with pytest.raises(LLMUnavailableError, match=r"set llm\.embedded\.path"):
        connect(parameters("http://127.0.0.1:1", provider="embedded"))
