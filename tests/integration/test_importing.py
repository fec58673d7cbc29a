"""Bringing one's own history, from a mapping file to what is made of it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.schema import history_schema
from metallmix_kedro.support.errors import InputError
from tests.conftest import save_history
from tests.workspace import PROJECT, Workspace

EXAMPLES = PROJECT / "docs/examples"
TRANSFERGRAPH = PROJECT.parent / "shared/histories/transfergraph_records.csv"
WITHOUT_JUDGE = [
    "evaluation.set_up_evaluation",
    "evaluation.compare_methods",
    "evaluation.write_evaluation_page",
    "evaluation.draw_methods",
]
FEW_TREES = {
    "score_model": {"n_rounds": 3, "eta": 0.3},
    "time_model": {"n_rounds": 3, "eta": 0.3},
    "max_folds": 4,
}


def run_import(made: Workspace, *mappings: Path) -> pd.DataFrame:
    imports = {"imports": [str(mapping) for mapping in mappings]}
    made.run("experiment_grid", params={"experiment_grid": imports}, tags=["import"])
    return pd.read_parquet(made.latest("05_model_input/history.parquet"))


def save_empty_history(made: Workspace) -> None:
    path = made.data / "05_model_input/history.parquet/2026-01-01T00.00.00.000Z/history.parquet"
    path.parent.mkdir(parents=True)
    empty = pd.DataFrame(columns=list(history_columns()), dtype=object)
    history_schema().validate(empty).to_parquet(path, index=False)


def imported(history: pd.DataFrame) -> pd.DataFrame:
    return history[history["source"] == "imported"].reset_index(drop=True)


@pytest.fixture
def examples(workspace: Workspace) -> Path:
    save_history(workspace, seed=0)
    return Path(shutil.copytree(EXAMPLES, workspace.folder / "examples"))


def test_the_mlflow_example_joins_the_history(workspace: Workspace, examples: Path) -> None:
    history = run_import(workspace, examples / "mlflow.yml")
    assert history["source"].value_counts().to_dict() == {
        "measured": 150,
        "published": 72,
        "imported": 8,
    }
    trials = imported(history).set_index(["dataset", "backbone", "strategy", "seed"])
    best = trials.loc[("chest_views", "convnext_tiny", "full", 1.0)].query("status == 'finished'")
    assert best["test_accuracy"].tolist() == [0.9218]
    assert best["training_time_s"].tolist() == [31 * 60]
    assert best["n_instances"].tolist() == [4700]
    report = json.loads(workspace.latest("08_reporting/import_report.json").read_text())
    assert [(one["n_trials"], one["left_out"]) for one in report["imports"]] == [(8, 1)]


def test_importing_again_replaces_what_the_import_brought(
    workspace: Workspace, examples: Path
) -> None:
    once = run_import(workspace, examples / "mlflow.yml")
    again = run_import(workspace, examples / "mlflow.yml")
    pd.testing.assert_frame_equal(again, once)
    table = examples / "made_up_mlflow_runs.csv"
    table.write_text(table.read_text().replace("0.9218", "0.9219"))
    corrected = imported(run_import(workspace, examples / "mlflow.yml"))
    assert len(corrected) == 8
    assert len(set(corrected["trial_id"]) & set(once["trial_id"])) == 7
    both = imported(run_import(workspace, examples / "optuna.yml"))
    assert both["proposer"].value_counts().to_dict() == {
        "import:made_up_mlflow": 8,
        "import:made_up_optuna": 4,
    }


def test_a_bad_row_leaves_the_history_as_it_was(workspace: Workspace, examples: Path) -> None:
    table = examples / "made_up_mlflow_runs.csv"
    table.write_text(table.read_text().replace("0.9218", "92.18"))
    with pytest.raises(InputError, match=r"row 5, column 'test_acc', test_accuracy: '92.18'"):
        run_import(workspace, examples / "optuna.yml", examples / "mlflow.yml")
    assert len(workspace.versions("05_model_input/history.parquet")) == 1
    assert not (workspace.data / "05_model_input/imported_trials.parquet").exists()

    mapping = examples / "mlflow.yml"
    mapping.write_text(mapping.read_text().replace("refuse", "exclude"))
    assert len(imported(run_import(workspace, mapping))) == 7
    report = json.loads(workspace.latest("08_reporting/import_report.json").read_text())
    assert [bad["row"] for bad in report["imports"][0]["excluded"]] == [5]


def test_imported_trials_go_through_all_that_learns(workspace: Workspace, examples: Path) -> None:
    run_import(workspace, examples / "mlflow.yml", examples / "optuna.yml")
    params = {"meta_learning": FEW_TREES, "recommendation": {"llm": {"provider": "none"}}}
    workspace.run("meta_learning", "explainability", "retrieval", params=params)
    workspace.run("recommendation", params=params)
    card = json.loads(workspace.latest("06_models/accuracy/retrieval_card.json").read_text())
    assert "chest_views" in {entry["dataset"] for entry in card["entries"]}
    assert "stained_cells" in card["excluded"]


@pytest.mark.slow
@pytest.mark.skipif(not TRANSFERGRAPH.exists(), reason=f"needs {TRANSFERGRAPH.name}, not shipped")
def test_a_history_of_backbones_alone_is_imported_learned_and_evaluated(
    workspace: Workspace,
) -> None:
    save_empty_history(workspace)
    trials = imported(run_import(workspace, EXAMPLES / "transfergraph.yml"))
    assert (len(trials), trials["dataset"].nunique(), trials["backbone"].nunique()) == (
        2142,
        12,
        180,
    )
    assert "food101" not in set(trials["dataset"])
    params = {
        "meta_learning": FEW_TREES,
        "evaluation": {
            "source": "imported",
            "methods": ["best_on_average", "nearest_neighbour", "random_pick"],
            "n_random_seeds": 5,
        },
    }
    workspace.run("meta_learning", params=params)
    workspace.run("evaluation", params=params, node_names=WITHOUT_JUDGE)
    table = pd.read_csv(workspace.data / "08_reporting/evaluation/accuracy/method_table.csv")
    regret = table.set_index("method")["mean_regret"]
    assert regret["best_on_average"] < 0.05
    assert regret["random_pick"] > 0.1
    report = json.loads(
        (workspace.data / "08_reporting/evaluation/accuracy/evaluation_report.json").read_text()
    )
    assert set(report["uninformed_choices"]) == {"nearest_neighbour"}


def test_an_import_needs_the_base_install_only(workspace: Workspace, examples: Path) -> None:
    code = f"""
import sys
for name in ("tensorflow", "keras", "sklearn", "skopt", "matplotlib", "shap", "distributed"):
    sys.modules[name] = None  # importing it is an error
from tests.workspace import Workspace
from pathlib import Path
from typing import Any
Workspace(Path({str(workspace.folder)!r})).run(
    "experiment_grid",
    params={{"experiment_grid": {{"imports": [{str(examples / "mlflow.yml")!r}]}}}},
    tags=["import"],
)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(workspace.versions("05_model_input/history.parquet")) == 2


def test_own_trials_change_the_next_recommendation(workspace: Workspace) -> None:
    save_history(workspace, seed=0)
    params = {"meta_learning": FEW_TREES, "recommendation": {"llm": {"provider": "none"}}}
    workspace.run("meta_learning", "explainability", "retrieval", params=params)
    first = recommended(workspace, params)
    assert first["evidence"]["own_trials"] is None

    tried = [one["configuration"] for one in first["evidence"]["candidates"][:3]]
    table = pd.DataFrame(tried).assign(test_accuracy=[0.31, 0.29, 0.3], training_time_s=4.0)
    table.to_csv(workspace.folder / "tried.csv", index=False)
    columns = "\n".join(f"  {name}: {name}" for name in table)
    mapping = workspace.folder / "tried.yml"
    mapping.write_text(
        f"name: my_trials\nfile: tried.csv\ncolumns:\n{columns}\nconstants:\n"
        f"  dataset: {first['target']['name']}\n  modality: X-ray\n  status: finished\n"
    )
    run_import(workspace, mapping)
    again = recommended(workspace, params)

    own = again["evidence"]["own_trials"]
    assert own["n_trials"] == 3
    assert own["best"][0] == {"configuration": tried[0], "score": 0.31}
    offered = again["evidence"]["candidates"]
    assert not [one for one in offered if one["configuration"] in tried]
    assert offered[0]["roles"][0] == "most_promising"
    # All were far worse than predicted, which says something of every configuration.
    assert offered[0]["score"] < first["evidence"]["candidates"][0]["score"]
    report = workspace.latest("07_model_output/recommendation_report.html").read_text("utf-8")
    assert "Your own trials" in report


def recommended(made: Workspace, params: dict[str, object]) -> dict[str, Any]:
    made.run("recommendation", params=params)
    written: dict[str, Any] = json.loads(
        made.latest("07_model_output/recommendation.json").read_text("utf-8")
    )
    return written


def test_a_study_of_optuna_joins_the_history(workspace: Workspace, examples: Path) -> None:
    optuna = pytest.importorskip("optuna", reason="needs the extra [optuna]")
    storage = f"sqlite:///{examples / 'study.db'}"
    study = optuna.create_study(storage=storage, study_name="backbones")
    floats = optuna.distributions.FloatDistribution(0, 1)
    for rate in (0.1, 0.2):
        study.add_trial(
            optuna.trial.create_trial(
                value=0.9,
                params={"backbone": "TheirNet", "lr": rate},
                distributions={
                    "backbone": optuna.distributions.CategoricalDistribution(["TheirNet"]),
                    "lr": floats,
                },
            )
        )
    trials = imported(run_import(workspace, examples / "optuna_storage.yml"))
    assert trials["learning_rate"].tolist() == [0.1, 0.2]
    assert set(trials["status"]) == {"finished"}
    report = json.loads(workspace.latest("08_reporting/import_report.json").read_text())
    assert report["imports"][0]["file"] == "sqlite:///study.db, study backbones"
