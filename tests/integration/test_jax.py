"""The grid where JAX is installed and TensorFlow is not."""

import json
import os
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import save_history
from tests.workspace import Workspace

pytestmark = pytest.mark.skipif(
    not (find_spec("jax") and find_spec("skopt")), reason="needs the extra [experiments-jax]"
)

PARAMETERS = {
    "experiment_grid": {
        "backbones": ["MobileNetV2_0.35"],
        "weights": {"MobileNetV2_0.35": "random:0"},
        "n_random": 0,
        "n_random_by_strategy": {"feature_extraction": 3, "last_10": 1, "last_30": 0, "full": 0},
        "n_bayesian": 0,
        "n_initial": 0,
        "protocol": {
            "image_size": 32,
            "subset_size": 48,
            "n_folds": {"feature_extraction": 2, "last_10": 2, "last_30": 2, "full": 2},
            "min_tested": {"feature_extraction": 0, "last_10": 0, "last_30": 0, "full": 0},
            "max_epochs": {"feature_extraction": 2, "last_10": 1, "last_30": 1, "full": 1},
            "patience": 2,
            "freeze_batch_norm": True,
        },
    },
    "search_space": {
        "dense_units": {"values": [32]},
        "optimizer": {"values": ["adam"]},
        "batch_size": {"values": [16]},
    },
}

WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = None  # an import of it fails
from kedro.framework.cli import main
main()
"""


def test_trials_are_measured_without_tensorflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Workspace(tmp_path / "w")
    save_history(made, seed=0)
    (made.conf / "test/parameters_grid.yml").write_text(json.dumps(PARAMETERS))
    made.run("data_ingestion", "meta_features")
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "jax")
    command = ("run", "--pipelines=experiment_grid", "--to-outputs=history", "--env=test")
    done = made.python("-c", WITHOUT_TENSORFLOW, *command)
    assert done.returncode == 0, done.stdout + done.stderr
    history = pd.read_parquet(made.latest("05_model_input/history.parquet"))
    measured = history[history["source"].eq("measured") & history["backend"].notna()]
    assert measured["strategy"].value_counts().to_dict() == {"feature_extraction": 3, "last_10": 1}
    assert set(measured["backend"]) == {"jax"}
    assert set(measured["status"]) == {"finished"}
    assert measured["versions"].str.contains("jax ").all()
    assert measured["fit_time_s"].gt(0).all()
