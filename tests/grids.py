"""A grid that takes seconds, in a workspace, for tests that measure trials."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from metallmix_kedro.history import METRICS
from tests.conftest import save_history
from tests.workspace import Workspace

GRID: dict[str, Any] = {
    "backbones": ["EfficientNetLite0"],
    "n_random": 5,
    "n_random_by_strategy": {"feature_extraction": 0, "last_10": 1, "last_30": 0, "full": 0},
    "n_bayesian": 1,
    "n_initial": 3,
    "protocol": {
        "image_size": 32,
        "subset_size": None,
        "n_folds": {"feature_extraction": 3, "last_10": 2, "last_30": 2, "full": 2},
        "min_tested": {"feature_extraction": 0, "last_10": 0, "last_30": 0, "full": 0},
        "max_epochs": {"feature_extraction": 2, "last_10": 1, "last_30": 1, "full": 1},
        "patience": 2,
        "freeze_batch_norm": True,
    },
    # What is measured has to come from the store that a test looks at.
    "reuse_history": False,
}
SPACE: dict[str, Any] = {
    "strategy": {"values": ["feature_extraction", "last_10"]},
    "dense_units": {"values": [32]},
    "batch_size": {"values": [16]},
    "optimizer": {"values": ["adam", "sgd"]},
}
N_TRIALS = 7
SCORES = [name for metric in METRICS for name in (metric, f"{metric}_std")]


def configure(made: Workspace, space: dict[str, Any] | None = None, **changes: Any) -> None:
    """Write the parameters of the small grid, with changes to ``experiment_grid``.

    ``space`` changes what is searched, or declares what conf/base does not.
    """
    parameters = {
        "experiment_grid": {**GRID, **changes},
        "search_space": {**SPACE, **(space or {})},
    }
    (made.conf / "test/parameters_grid.yml").write_text(json.dumps(parameters))


def ingested_workspace(folder: Path) -> Workspace:
    """Make a workspace with a fabricated history, an ingested dataset and the small grid."""
    made = Workspace(folder)
    save_history(made, seed=0)
    configure(made)
    made.run("data_ingestion", "meta_features")
    return made


def measure(made: Workspace) -> None:
    """Measure the grid and join the history, without telling of searches or drawing anything.

    Those take longer than the small grid; `reference` (integration/conftest.py) runs them all.
    """
    made.run("experiment_grid", to_outputs=["history"])


def trial_files(made: Workspace) -> dict[str, str]:
    """Read what is stored, by trial id."""
    folder = made.data / "05_model_input/trials"
    return {path.stem: path.read_text() for path in folder.glob("*/[!.]*.json")}


def stored_trials(made: Workspace) -> dict[str, dict[str, Any]]:
    """Read the stored records, by trial id."""
    return {name: json.loads(text) for name, text in trial_files(made).items()}


def history(made: Workspace) -> pd.DataFrame:
    """Read the latest history."""
    return pd.read_parquet(made.latest("05_model_input/history.parquet"))


def outcomes(made: Workspace) -> pd.DataFrame:
    """Make a table of what a repetition has to give again: scores, proposers, status."""
    columns = ["proposer", "status", "epochs_run", *SCORES]
    return pd.DataFrame.from_dict(stored_trials(made), orient="index")[columns].sort_index()
