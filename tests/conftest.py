"""Fixtures of all tests: a place of its own for whatever a pipeline reads and writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.declared_space import declare_base

# What tests import is made of what conf/base declares.
declare_base()

from tests.fabricated import fabricate_history  # noqa: E402
from tests.workspace import Workspace  # noqa: E402

# A test says what is right, not how fast: a busy machine must not fail it.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _declared() -> Iterator[None]:
    """Begin and end with what conf/base declares: runs of other environments declare their own."""
    declare_base()
    yield
    declare_base()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A project of the test's own, with the shipped raw data and nothing learned."""
    return Workspace(tmp_path / "workspace")


@pytest.fixture(scope="session")
def _fabricated(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which everything was learned from a fabricated history, made once."""
    made = Workspace(tmp_path_factory.mktemp("fabricated") / "workspace")
    save_history(made, seed=0)
    made.run("meta_learning", "explainability", "retrieval")
    return made


@pytest.fixture
def fabricated(_fabricated: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the test's own that is ready to recommend."""
    return _fabricated.copy(tmp_path / "workspace")


def save_history(workspace: Workspace, seed: int) -> None:
    """Store a fabricated history as a new version, as the catalog would."""
    version = f"2026-01-{seed + 1:02d}T00.00.00.000Z"
    path = workspace.data / "05_model_input/history.parquet" / version / "history.parquet"
    path.parent.mkdir(parents=True)
    fabricate_history(n_datasets=5, n_trials=30, seed=seed).to_parquet(path, index=False)
