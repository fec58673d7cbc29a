"""What is told of a history, through Kedro, without a training library."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.workspace import Workspace

PICTURES = ("winners.png", "importance.png", "similarity.png", "levels.png")
RUN = """
import sys
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
with KedroSession.create(env="test") as session:
    session.run(pipeline_names=["experiment_grid"], tags=["history_report"])
assert {"tensorflow", "keras", "skopt"}.isdisjoint(sys.modules), "a training library was loaded"
"""


def reported(workspace: Workspace) -> dict[str, bytes]:
    folder = workspace.data / "08_reporting/history"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def save_search(workspace: Workspace, dataset: str, trial_ids: list[str]) -> None:
    path: Path = workspace.data / f"05_model_input/searches/{dataset}/random_search.json"
    path.parent.mkdir(parents=True)
    search = {"dataset": dataset, "search": "random_search", "trial_ids": trial_ids}
    path.write_text(json.dumps(search))


@pytest.mark.slow
def test_a_history_is_summarised_and_drawn_the_same_each_time(fabricated: Workspace) -> None:
    history = pd.read_parquet(fabricated.latest("05_model_input/history.parquet"))
    own = history[history["dataset"] == "fabricated_1"].head(20)
    save_search(fabricated, "fabricated_1", own["trial_id"].tolist())

    fabricated.run("experiment_grid", tags=["history_report"])
    first = reported(fabricated)
    assert set(first) == {*PICTURES, "history_summary.json", "search_comparison.csv"}
    for name in PICTURES:
        assert first[name].startswith(b"\x89PNG")

    summary = json.loads(first["history_summary.json"])
    assert summary["counts"]["trials"] == len(history)
    assert set(summary["winners"]) == set(history["dataset"])
    comparison = pd.read_csv(fabricated.data / "08_reporting/history/search_comparison.csv")
    (row,) = comparison.to_dict("records")
    chosen = own.loc[own["validation_accuracy"].idxmax()]
    assert row["test_accuracy"] == pytest.approx(chosen["test_accuracy"])
    assert row["total_time_s"] == pytest.approx(own["training_time_s"].sum())

    done = fabricated.python("-c", RUN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert reported(fabricated) == first


def test_an_import_is_summarised_too(fabricated: Workspace) -> None:
    fabricated.run("experiment_grid", tags=["import"])
    summary = json.loads(reported(fabricated)["history_summary.json"])
    assert set(summary["counts"]["by_source"]) == {"measured", "published"}
    assert set(reported(fabricated)) == {"history_summary.json", "search_comparison.csv"}
