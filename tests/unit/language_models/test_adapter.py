"""An adapter on top of an embedded model: found, checked, loaded with it, and told apart."""

import hashlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from metallmix_kedro.language_models.embedded_weights import ready_adapter
from metallmix_kedro.language_models.language_model import LLMUnavailableError
from metallmix_kedro.language_models.parameters import EmbeddedParameters, LLMParameters
from metallmix_kedro.language_models.providers import connect

BASE, ADAPTER = b"GGUF" + b"base" * 20, b"GGUF" + b"adapter" * 20


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    for name, content in (("base.gguf", BASE), ("tuned.gguf", ADAPTER)):
        (tmp_path / name).write_bytes(content)
    return {"path": str(tmp_path / "base.gguf"), "adapter": str(tmp_path / "tuned.gguf")}


@pytest.fixture
def llama_cpp(monkeypatch):
    """A llama.cpp that loads anything but what is named broken, and says what it was given."""
    loaded = []

    def server(parameters):
        if any("broken" in one.path for one in parameters.lora_adapters):
            raise RuntimeError("failed to load the lora adapter")
        loaded.append(parameters)

    made = SimpleNamespace(
        CommonParams=lambda: SimpleNamespace(model=SimpleNamespace(path=""), lora_adapters=[]),
        CommonAdapterLoraInfo=lambda path, scale: SimpleNamespace(path=path, scale=scale),
        Server=server,
        __version__="1",
    )
    monkeypatch.setitem(sys.modules, "xllamacpp", made)
    return loaded


def asked(embedded: dict[str, str]) -> LLMParameters:
    return LLMParameters.model_validate({"provider": "embedded", "embedded": embedded})


def test_it_is_loaded_with_the_model_and_is_another_model_than_the_one_alone(files, llama_cpp):
    tuned = connect(asked({**files, "adapter_sha256": sha256(ADAPTER)})).identity
    assert [(one.path, one.scale) for one in llama_cpp[0].lora_adapters] == [(files["adapter"], 1)]
    assert tuned.adapter == sha256(ADAPTER)
    assert tuned.name == "base.gguf with tuned.gguf"
    alone = connect(asked({"path": files["path"]})).identity
    assert llama_cpp[1].lora_adapters == []
    assert (alone.adapter, alone.digest, alone.name) == (None, sha256(BASE), "base.gguf")
    assert tuned.digest == sha256(f"{sha256(BASE)} {sha256(ADAPTER)}".encode())


def test_no_adapter_is_none(files):
    assert ready_adapter(EmbeddedParameters(path=files["path"])) is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"adapter": "/nowhere/tuned.gguf"}, r"no adapter file /nowhere/tuned.gguf.*or set it to"),
        ({"adapter": __file__}, r"test_adapter.py is no GGUF file \(parameter llm.embedded.adap"),
        ({"adapter_sha256": "0" * 64}, r"not 0{64} \(parameter llm.embedded.adapter_sha256\)"),
    ],
)
def test_what_cannot_be_the_adapter_is_said_with_its_parameter(files, changes, told):
    with pytest.raises(LLMUnavailableError, match=told):
        connect(asked({**files, **changes}))


def test_one_of_another_model_is_named_with_both_files(files, llama_cpp, tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(ADAPTER)
    with pytest.raises(LLMUnavailableError, match=r"base.gguf with the adapter .*broken.gguf"):
        connect(asked({**files, "adapter": str(broken)}))


def test_a_checksum_without_a_file_is_an_error():
    with pytest.raises(ValidationError, match=r"needs embedded.adapter, the file it is of"):
        EmbeddedParameters(adapter_sha256="0" * 64)
