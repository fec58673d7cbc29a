"""Machines and habits that are not ours: working folders, environments, locales and terminals.

Whatever they are, a recommendation comes out the same, or there is one readable error.
"""

import json
import os
import pty
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CARD = "data/01_raw/example_target.yml"
SAID_OF_THE_MODEL = ("reason", "warnings", "provenance")
"""What tells why no language model was there: its server's address is part of the environment."""

FOLDERS = (".", "notebooks", "src", "my notes/ünï ☃ #1", "data/01_raw", "away")
VARIABLES: dict[str, tuple[str | None, ...]] = {
    "ALL_PROXY": (
        None,
        "socks5://127.0.0.1:9",
        "socks4a://x",
        "http://u:p@127.0.0.1:9",
        "nonsense",
    ),
    "https_proxy": (None, "ftp://x", "http://[::1", ""),
    "NO_PROXY": (None, "*", "[::1", ",,:::", "localhost,127.0.0.1"),
    "OLLAMA_HOST": (None, "127.0.0.1:9", "0.0.0.0:9", ":9", "http://127.0.0.1:9/v1", "a b", "x:y"),
    "SSL_CERT_FILE": (None, "/nowhere.pem"),
    "SSLKEYLOGFILE": (None, "/nowhere/keys"),
    "HOME": (None, "/nowhere", "/", "relative"),
    "LC_ALL": (None, "C", "POSIX", "C.UTF-8", "de_DE.UTF-8", "tr_TR", "xx_XX.nonsense"),
    "LANG": (None, "", "ja_JP.eucJP"),
    "PYTHONIOENCODING": (None, "cp1252", "ascii", "latin-1:strict", "utf-16", "cp437"),
    "PYTHONUTF8": (None, "0", "1"),
    "PYTHONCOERCECLOCALE": (None, "0"),
    "TERM": (None, "", "dumb", "xterm-256color", "unknown-terminal"),
    "COLUMNS": (None, "0", "1", "20", "60", "80", "500", "wide"),
    "LINES": (None, "0", "x"),
    "NO_COLOR": (None, "1"),
    "FORCE_COLOR": (None, "1"),
    "TZ": (None, "Asia/Kolkata", "nonsense", "UTC+14"),
    "PYTHONHASHSEED": (None, "0", "1", "12345"),
    "PYTHONOPTIMIZE": (None, "1"),
    "OMP_NUM_THREADS": ("1", "2"),
    "USER": (None, "", "ünï"),
    "PAGER": (None, "less"),
    "CI": (None, "true"),
    "JPY_PARENT_PID": (None, "1"),
    "DATABRICKS_RUNTIME_VERSION": (None, "15"),
}
OUTPUTS = ("pipe", "pipe", "terminal", "closed", "full", "unread", "nothing at all")
BROKEN = ("closed", "full", "nothing at all")
COMMANDS = ("kedro", "module", "session")
SESSION = """
import sys
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
project, provider = sys.argv[1:]
bootstrap_project(Path(project))
runtime = {"recommendation": {"llm": {"provider": provider}}}
with KedroSession.create(project_path=project, runtime_params=runtime) as session:
    session.run(pipeline_names=["recommendation"])
"""


@dataclass(frozen=True)
class Situation:
    """One machine, and what is typed on it."""

    folder: str
    output: str
    command: str
    card: str
    provider: str
    variables: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of it: the recommendation, and what was said on the way."""

    code: int
    said: str
    recommendation: bytes | None

    @property
    def readable(self) -> bool:
        """Whether nothing of Python's own was shown."""
        signs = ("Traceback", "Logging error", "Exception ignored", "NoneType: None")
        return not any(sign in self.said for sign in signs)


def situations(count: int, seed: int) -> Iterator[Situation]:
    """Draw situations; the first is ours."""
    draw = random.Random(seed)  # noqa: S311
    yield Situation(".", "pipe", "kedro", "conf", "none", {})
    for _ in range(count - 1):
        named = draw.sample(sorted(VARIABLES), k=draw.randint(1, 8))
        command = draw.choice(COMMANDS)
        output = draw.choice(OUTPUTS[:3] if command == "session" else OUTPUTS)
        folder = draw.choice(FOLDERS if command == "session" else FOLDERS[:-1])
        if command == "kedro" and output in BROKEN:
            # Elsewhere Kedro's own first line, before any of our code, fails there.
            folder = "."
        yield Situation(
            folder=folder,
            output=output,
            command=command,
            card="conf" if command == "session" else draw.choice(["conf", "relative", "absolute"]),
            provider=draw.choice(["none", "auto"]),
            variables={name: draw.choice(VARIABLES[name]) for name in named},
        )


def run(project: Path, situation: Situation, usual: dict[str, str]) -> Outcome:
    """Ask for a recommendation in a situation.

    Parameters
    ----------
    project : Path
        A project that is ready to recommend.
    situation : Situation
    usual : dict of str to str
        Our own environment, which the situation's changes.
    """
    here = project.parent / "away" if situation.folder == "away" else project / situation.folder
    here.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **usual}
    for name, value in situation.variables.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    before = _stored(project)
    code, said = _call(_command(project, here, situation), here, environment, situation.output)
    new = [path for path in _stored(project) if path not in before]
    return Outcome(code, said, new[-1].read_bytes() if new else None)


def comparable(recommendation: bytes, provider: str) -> Any:
    """Return what has to be the same: every byte, but for why no server answered."""
    if provider == "none":
        return recommendation
    read = json.loads(recommendation)
    return {key: value for key, value in read.items() if key not in SAID_OF_THE_MODEL}


def _stored(project: Path) -> list[Path]:
    return sorted((project / "data/07_model_output/recommendation.json").glob("*/*.json"))


def _command(project: Path, here: Path, situation: Situation) -> list[str]:
    if situation.command == "session":
        return [sys.executable, "-c", SESSION, str(project), situation.provider]
    typed = f"recommendation.llm.provider={situation.provider}"
    if situation.card == "relative":
        typed += f",target.card={os.path.relpath(project / CARD, here)}"
    elif situation.card == "absolute":
        typed += f",target.card={project / CARD}"
    kedro = [str(Path(sys.executable).parent / "kedro"), "run"]
    first = kedro if situation.command == "kedro" else [sys.executable, "-m", "metallmix_kedro"]
    return [*first, "--pipelines=recommendation", f"--params={typed}"]


def _call(
    command: list[str], here: Path, environment: dict[str, str], output: str
) -> tuple[int, str]:
    shell = {
        "closed": '"$@" >&-',
        "full": '"$@" >/dev/full',
        "unread": '{ "$@"; echo "code $?" >&2; } | head -n 1',
        "nothing at all": '"$@" <&- >&- 2>&-',
    }
    if output == "terminal":
        return _in_a_terminal(command, here, environment)
    if output in shell:
        command = ["/bin/bash", "-c", shell[output], "bash", *command]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, timeout=300)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    told = said.rpartition("code ")[2].split() if output == "unread" else []
    return (int(told[0]) if told and told[0].isdigit() else done.returncode), said


def _in_a_terminal(command: list[str], here: Path, environment: dict[str, str]) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=here, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the terminal was left
            break
        if not part:
            break
        said += part
    os.close(ours)
    return process.wait(timeout=300), said.decode("utf-8", "replace")
