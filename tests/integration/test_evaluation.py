import json
from typing import get_args

import pandas as pd
import pytest

from metallmix_kedro.evaluation.parameters import MAIN, ProtocolName
from tests.conftest import save_history
from tests.workspace import Workspace

FAST = {
    "evaluation": {"n_random_seeds": 5, "n_bayesian_seeds": 1, "n_trials": 8, "n_initial": 3},
    "meta_learning": {
        "score_model": {"n_rounds": 20, "eta": 0.2},
        "time_model": {"n_rounds": 20, "eta": 0.2},
    },
}
WITHOUT_JUDGE = [
    "evaluation.set_up_evaluation",
    "evaluation.compare_methods",
    "evaluation.write_evaluation_page",
    "evaluation.draw_methods",
    "evaluation.measure_llm_ablation",
    "evaluation.table_llm_ablation",
    "evaluation.draw_llm_ablation",
]
MEASURED = "response_times_s"


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("evaluated") / "workspace")
    save_history(made, seed=0)
    made.run("evaluation", params=FAST, node_names=WITHOUT_JUDGE)
    return made


def stored(workspace, name):
    return workspace.data / "08_reporting/evaluation/accuracy" / name


def test_every_dataset_is_scored_with_every_method(evaluated):
    history = pd.read_parquet(evaluated.latest("05_model_input/history.parquet"))
    outcomes = pd.read_parquet(stored(evaluated, "method_outcomes.parquet"))
    assert set(outcomes["dataset"]) == set(history["dataset"])
    assert set(outcomes["trial_id"]) <= set(history["trial_id"])
    table = pd.read_csv(stored(evaluated, "method_table.csv"))
    assert set(table["method"]) == set(outcomes["method"])
    assert table["mean_regret"].is_monotonic_increasing
    protocols = pd.read_csv(stored(evaluated, "protocol_table.csv"))
    assert set(protocols["protocol"]) == set(outcomes["protocol"]) == set(get_args(ProtocolName))
    figures = pd.read_csv(stored(evaluated, "dataset_table.csv"))
    keys = ["protocol", "dataset", "method"]
    assert len(figures) == len(outcomes[keys].drop_duplicates())
    tests = pd.read_csv(stored(evaluated, "method_tests.csv"))
    main = tests[(tests["protocol"] == MAIN) & (tests["figure"] == "regret")]
    assert {"surrogate", *main["other"]} == set(table["method"])


def test_page_shows_the_pictures_that_lie_beside_it(evaluated):
    page = stored(evaluated, "evaluation.md").read_text(encoding="utf-8")
    pictures = [line.split("(")[1].rstrip(")") for line in page.splitlines() if line[:2] == "!["]
    assert len(pictures) == 3
    for picture in pictures:
        assert stored(evaluated, picture).read_bytes().startswith(b"\x89PNG")


def test_a_second_run_makes_the_same_bytes_but_for_measured_times(evaluated, tmp_path):
    again = evaluated.copy(tmp_path / "again")
    names = ["method_outcomes.parquet", "anytime_regret.parquet", "method_table.csv",
             "method_tests.csv", "protocol_table.csv", "dataset_table.csv",
             "evaluation.md", "method_regret_plot.png",
             "anytime_plot.png",
                          "llm_ablation_plot.png"]  # fmt: skip
    first = {name: stored(again, name).read_bytes() for name in names}
    report = json.loads(stored(again, "evaluation_report.json").read_text())
    again.run("evaluation", params=FAST, node_names=WITHOUT_JUDGE)
    assert {name: stored(again, name).read_bytes() for name in names} == first
    second = json.loads(stored(again, "evaluation_report.json").read_text())
    assert {**second, MEASURED: None} == {**report, MEASURED: None}


def test_verdict_without_a_judge_says_why(fabricated):
    params = {
        "recommendation": {"llm": {"provider": "none"}},
        "evaluation": {"judge": {"provider": "none"}},
    }
    fabricated.run("recommendation", params=params)
    fabricated.run("evaluation", params=params, tags=["judge"])
    verdict = json.loads(fabricated.latest("07_model_output/verdict.json").read_text())
    assert verdict["status"] == "no judge"
    assert "none" in verdict["reason"]


def test_the_ablation_is_off_until_it_is_switched_on(fabricated):
    params = {"recommendation": {"llm": {"provider": "none"}}}
    fabricated.run("evaluation", params=params, tags=["llm_ablation"])
    assert pd.read_csv(stored(fabricated, "llm_ablation_table.csv")).empty
    conditions = {"enabled": True, "conditions": ["surrogate"], "datasets": ["fabricated_1"]}
    params["evaluation"] = {"llm_ablation": {**conditions, "models": ["absent:7b"]}}
    fabricated.run("evaluation", params=params, tags=["llm_ablation"])
    assert pd.read_csv(stored(fabricated, "llm_ablation_table.csv"))["llm"].tolist() == ["none"]
    summary = pd.read_csv(stored(fabricated, "llm_ablation_summary.csv"))
    assert "ollama pull absent:7b" in summary["note"].tolist()[-1]
