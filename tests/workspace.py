"""A project of its own in a folder, for tests that run pipelines."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

PROJECT = Path(__file__).parents[1]
PROBES = "data/04_feature/probes.parquet"
"""Ships with the history; probes of other datasets than the tests' own change nothing."""


class Workspace:
    """A Kedro project in a folder of its own, with this project's code and configuration.

    Everything a run reads, writes or leaves behind is in that folder: a copy of ``conf`` and of
    the shipped raw data, the data root, kedro-viz's builds.

    Parameters
    ----------
    folder : pathlib.Path
        A new folder, or one that holds a workspace already.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf = folder / "conf"
        self.data = folder / "data"
        if not self.conf.exists():
            self._make()

    def _make(self) -> None:
        no_local = shutil.ignore_patterns("local")
        shutil.copytree(PROJECT / "conf", self.conf, ignore=no_local)
        shutil.copytree(PROJECT / "data/01_raw", self.data / "01_raw")
        shutil.copytree(PROJECT / PROBES, self.data.parent / PROBES)
        for name in ("pyproject.toml", ".telemetry"):
            shutil.copy(PROJECT / name, self.folder)
        # Kedro wants a source folder; the package itself is the installed one.
        (self.folder / "src").mkdir()
        (self.conf / "local").mkdir()
        self.set_globals("test", data_root="data")

    def copy(self, folder: Path) -> "Workspace":
        """Copy everything to another folder."""
        shutil.copytree(self.folder, folder)
        return Workspace(folder)

    def set_globals(self, env: str, **values: Any) -> None:
        """Change values of ``globals.yml`` in an environment."""
        path = self.conf / env / "globals.yml"
        known = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump({**known, **values}))

    def run(
        self,
        *pipelines: str,
        params: Mapping[str, Any] | None = None,
        env: str = "test",
        **options: Any,
    ) -> dict[str, Any]:
        """Run pipelines in this process; `options` are those of ``KedroSession.run``."""
        with chdir(self.folder):
            bootstrap_project(self.folder)
            with KedroSession.create(
                project_path=self.folder, env=env, runtime_params=dict(params or {})
            ) as session:
                return session.run(pipeline_names=list(pipelines), **options)

    def kedro(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call the ``kedro`` command here, in a process of its own."""
        return self._call(str(Path(sys.executable).parent / "kedro"), *arguments)

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call the interpreter here, in a process of its own."""
        return self._call(sys.executable, *arguments)

    def _call(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": "100", "KEDRO_ENV": "test"},
        )

    def versions(self, path: str) -> list[str]:
        """List the stored versions of ``path`` (below the data root), the latest last."""
        folder = self.data / path
        return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []

    def latest(self, path: str) -> Path:
        """Find the latest stored file of the versioned ``path`` (below the data root)."""
        return self.data / path / self.versions(path)[-1] / Path(path).name

    def records(self) -> Sequence[dict[str, Any]]:
        """Read all run records, the latest last."""
        paths = sorted((self.data / "08_reporting/runs").glob("*.json"))
        return [json.loads(path.read_text()) for path in paths]
