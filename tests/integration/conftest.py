"""Fixtures of the experiment grid: what is slow to make is made once, and copied."""

from pathlib import Path

import pytest

from tests.grids import ingested_workspace
from tests.workspace import Workspace


@pytest.fixture(scope="session")
def _ingested(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return ingested_workspace(tmp_path_factory.mktemp("ingested") / "workspace")


@pytest.fixture(scope="session")
def reference(_ingested: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A grid that was measured in this process without anything happening; not to be changed."""
    made = _ingested.copy(tmp_path_factory.mktemp("measured") / "workspace")
    made.run("experiment_grid")
    return made


@pytest.fixture
def ingested(_ingested: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the test's own with an ingested dataset and a small grid to measure."""
    return _ingested.copy(tmp_path / "ingested")


@pytest.fixture
def measured(reference: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the test's own whose grid is measured."""
    return reference.copy(tmp_path / "measured")
