"""Where a server is: as Ollama reads it, and as people write it."""

import os
import subprocess
import sys

import pytest

from metallmix_kedro.language_models import providers
from metallmix_kedro.language_models.address import from_environment, read_address
from metallmix_kedro.language_models.language_model import LLMUnavailableError
from metallmix_kedro.language_models.parameters import LLMParameters
from metallmix_kedro.language_models.providers import connect
from metallmix_kedro.language_models.servers import find_ollama
from tests import loopback_ollama as loopback


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("localhost", "http://localhost:11434"),
        ("localhost:11434", "http://localhost:11434"),
        ("127.0.0.1:11434/v1", "http://127.0.0.1:11434"),
        ("http://localhost:11434/v1/", "http://localhost:11434"),
        ("http://localhost:11434/api", "http://localhost:11434"),
        ("http://box", "http://box:80"),
        ("https://box/ollama/v1", "https://box:443/ollama"),
        ("0.0.0.0", "http://127.0.0.1:11434"),  # noqa: S104
        ("0.0.0.0:8000", "http://127.0.0.1:8000"),
        (":8000", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:11434"),
        ("[::]:8000", "http://[::1]:8000"),
        (" HTTP://Box:1 ", "http://Box:1"),
    ],
)
def test_an_address_is_read_as_ollama_reads_it(written, read):
    assert read_address(written) == read
    assert LLMParameters(base_url=written).base_url == read


@pytest.mark.parametrize(
    "written", ["socks5://x", "x:70000", "x:y", "a b", "", "http://u:p@h", "1:2:3"]
)
def test_what_is_none_is_said(written, monkeypatch):
    with pytest.raises(ValueError, match=r"neither|port|no server|no name|no address"):
        read_address(written)
    monkeypatch.setenv("OLLAMA_HOST", written)
    if written:
        with pytest.raises(LLMUnavailableError, match="OLLAMA_HOST"):
            connect(LLMParameters())


def test_the_environments_address_counts_where_the_parameters_name_none(monkeypatch):
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    assert from_environment() == "http://127.0.0.1:11434"
    with loopback.serving(loopback.hangs) as server:
        monkeypatch.setenv("OLLAMA_HOST", f'"127.0.0.1:{server.server_port}"')
        assert find_ollama(LLMParameters(model="tiny", connect_timeout_s=5)).provider == "ollama"


def test_a_wrong_model_lists_what_the_server_has():
    with loopback.serving(models=("tiny:latest", "other:1b")) as server:
        wanted = LLMParameters(model="tinny", base_url=server.url, connect_timeout_s=5)
        with pytest.raises(LLMUnavailableError, match=r"it has other:1b, tiny:latest"):
            connect(wanted)


FOREIGN = [
    {"ALL_PROXY": "socks5://127.0.0.1:1"},
    {"all_proxy": "socks4a://x"},
    {"HTTP_PROXY": "nonsense", "HTTPS_PROXY": "ftp://x:y"},
    {"NO_PROXY": "[::1", "HTTP_PROXY": "http://127.0.0.1:1"},
    {"no_proxy": "*,,:::,http://", "ALL_PROXY": "socks5h://u:p@x:1"},
    {"SSL_CERT_FILE": "/nowhere.pem"},
    {"SSL_CERT_DIR": "/nowhere"},
    {"SSLKEYLOGFILE": "/nowhere/keys"},
    {"OLLAMA_HOST": "http://[::1"},
]


@pytest.mark.parametrize("variables", FOREIGN, ids=str)
def test_a_foreign_environment_is_not_asked(variables):
    """The client reads the environment when it is imported, so each gets a process of its own."""
    code = (
        "import sys\n"
        "from metallmix_kedro.language_models.parameters import LLMParameters\n"
        "from metallmix_kedro.language_models.providers import connect\n"
        "from metallmix_kedro.language_models.language_model import Request\n"
        "m = connect(LLMParameters(model='tiny', base_url=sys.argv[1], connect_timeout_s=5))\n"
        "r = Request([('human', 'x')], {}, 0.0, 0, 64)\n"
        "print(m.ask(r, 20))\n"
    )
    with loopback.serving(loopback.says("well")) as server:
        done = subprocess.run(
            [sys.executable, "-c", code, server.url],
            capture_output=True,
            text=True,
            env={**os.environ, **variables},
        )
    assert done.returncode == 0, done.stderr
    assert "Answer(text='well', error=None" in done.stdout


def test_what_a_client_does_on_the_way_means_no_model(monkeypatch):
    monkeypatch.setitem(providers._FIND, "ollama", lambda _: 1 / 0)
    for provider in ("auto", "ollama"):
        with pytest.raises(LLMUnavailableError, match=r"ZeroDivisionError: division by zero"):
            connect(LLMParameters(provider=provider))
