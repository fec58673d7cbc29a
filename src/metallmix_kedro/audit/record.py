"""The record that every run leaves: what ran, with what, from what, to what."""

import hashlib
import json
import platform
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from metallmix_kedro.support import ArtifactError, whole_file

DISTRIBUTION = "metallmix-kedro"


class DatasetVersion(BaseModel):
    """A stored version of a dataset and the SHA-256 of its bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    sha256: str


class GitState(BaseModel):
    """The commit that was checked out, and whether the working tree differed from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    commit: str
    dirty: bool


class RunRecord(BaseModel):
    """Everything needed to say what a run did, and to repeat it.

    ``status`` is ``"running"`` from the first node on; a record that stays so belongs to a run
    that was killed.
    """

    model_config = ConfigDict(extra="forbid")

    format_version: Literal[1] = 1
    run_id: str
    pipelines: list[str]
    selection: dict[str, Any] = Field(
        default_factory=dict, description="Nodes, tags and load versions that were asked for."
    )
    runner: str
    env: str | None
    status: Literal["running", "finished", "failed"] = "running"
    error: str | None = None
    started: datetime
    ended: datetime | None = None
    git: GitState | None
    python: str
    packages: dict[str, str]
    parameters: dict[str, Any]
    parameters_sha256: str
    loaded: dict[str, DatasetVersion] = Field(default_factory=dict)
    saved: dict[str, DatasetVersion] = Field(default_factory=dict)


def now() -> datetime:
    """Return the present moment in UTC, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def canonical_sha256(value: Any) -> str:
    """Hash a JSON-like value so that equal values hash equally whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Hash the bytes of a file; of a folder, the names and bytes of all files in it."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        return canonical_sha256({p.relative_to(path).as_posix(): file_sha256(p) for p in files})
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_state(folder: Path) -> GitState | None:
    """Ask git for commit and cleanness in one call; None outside a repository or without git."""
    command = ["git", "--no-optional-locks", "status", "--porcelain=v2", "--branch"]
    try:
        answer = subprocess.run(  # noqa: S603 (a fixed command, no shell)
            command, cwd=folder, capture_output=True, text=True, timeout=10, check=True
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return None
    commit = next((line.split()[-1] for line in answer if line.startswith("# branch.oid")), "")
    if not re.fullmatch(r"[0-9a-f]{7,64}", commit):
        return None
    return GitState(commit=commit, dirty=any(not line.startswith("#") for line in answer))


def package_versions() -> dict[str, str]:
    """Look up the installed versions of this project and of what it depends on directly.

    The tools of the ``test`` extra are left out: they have no part in a result.
    """
    names = {DISTRIBUTION}
    for requirement in metadata.requires(DISTRIBUTION) or ():
        if 'extra == "test"' not in requirement.replace("'", '"'):
            names.update(re.findall(r"^[A-Za-z0-9._-]+", requirement))
    versions = {}
    for name in sorted(names):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def start_record(
    run_params: Mapping[str, Any], parameters: dict[str, Any], project_path: Path
) -> RunRecord:
    """Open the record of a run from what Kedro knows about it before the first node."""
    asked = ("tags", "from_nodes", "to_nodes", "node_names", "from_inputs", "to_outputs")
    selection = {key: run_params.get(key) for key in (*asked, "namespaces", "load_versions")}
    plain = json.loads(json.dumps(parameters, default=str))
    return RunRecord(
        run_id=run_params["run_id"],
        pipelines=list(run_params.get("pipeline_names") or ["__default__"]),
        selection={key: _plain(value) for key, value in selection.items() if value},
        runner=_class_name(str(run_params.get("runner"))),
        env=run_params.get("env"),
        started=now(),
        git=git_state(project_path),
        python=platform.python_version(),
        packages=package_versions(),
        parameters=plain,
        parameters_sha256=canonical_sha256(plain),
    )


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)


def _class_name(runner: str) -> str:
    """Take the class name out of ``<package.Class object at 0x…>``; an address is no record."""
    found = re.search(r"(\w+) object at 0x", runner)
    return found.group(1) if found else runner


def record_path(folder: Path, run_id: str) -> Path:
    """Name the file of a run's record.

    Raises
    ------
    ArtifactError
        If `run_id` is no plain file name.
    """
    if not re.fullmatch(r"[\w.-]+", run_id) or run_id.startswith("."):
        raise ArtifactError(f"'{run_id}' is no run id. List the recorded runs with: kedro runs")
    return folder / f"{run_id}.json"


def write_record(folder: Path, record: RunRecord) -> Path:
    """Write a record whole or not at all, replacing an earlier state of the same run."""
    path = record_path(folder, record.run_id)
    text = json.dumps(record.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False)
    with whole_file(path) as file:
        file.write(f"{text}\n".encode())
    return path


def read_record(path: Path) -> RunRecord:
    """Read one record.

    Raises
    ------
    ArtifactError
        If it is missing, no JSON, or no record.
    """
    try:
        return RunRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ArtifactError(
            f"There is no record of the run '{path.stem}' ({path}). "
            "List the recorded runs with: kedro runs"
        ) from None
    except (OSError, ValidationError) as error:
        raise ArtifactError(
            f"The run record {path} cannot be read: {error}. Restore it from a backup; "
            "without it the run cannot be repeated."
        ) from error


def list_records(folder: Path) -> list[RunRecord]:
    """Read all records, the latest run last.

    Raises
    ------
    ArtifactError
        If one of them is corrupt.
    """
    records = (read_record(path) for path in sorted(folder.glob("*.json")))
    return sorted(records, key=lambda record: (record.started, record.run_id))
