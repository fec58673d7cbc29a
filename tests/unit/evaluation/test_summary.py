import json

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.evaluation.compare import OUTCOME_COLUMNS, Comparison
from metallmix_kedro.evaluation.page import evaluation_page
from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.evaluation.report import evaluation_report
from metallmix_kedro.evaluation.summary import method_table

PARAMETERS = EvaluationParameters(n_bootstrap=100)
REFERENCE = pd.DataFrame(
    {
        "method": ["Bayesian Opt."],
        "selection": ["search"],
        "n_datasets": [8],
        "mean_accuracy": [0.881],
        "mean_response_time_s": [7746.5],
        "mean_training_time_s": [488.5],
    }
)


def outcome(dataset, method, seed, regret, n_trials=0, time=np.nan):
    values = (dataset, method, seed, f"{dataset}-x", n_trials, regret, 1 - regret, time, time)
    return dict(zip(OUTCOME_COLUMNS, values, strict=True))


@pytest.fixture
def two_methods() -> Comparison:
    """On `a` the surrogate wins; on `b` both are equal, one of them only on average."""
    rows = [
        outcome("a", "surrogate", 0, 0.1, time=3.0),
        outcome("b", "surrogate", 0, 0.3),
        outcome("a", "random_pick", 0, 0.4),
        outcome("a", "random_pick", 1, 0.6),
        outcome("b", "random_pick", 0, 0.2),
        outcome("b", "random_pick", 1, 0.4),
    ]
    return Comparison(
        outcomes=pd.DataFrame(rows),
        anytime=pd.DataFrame(),
        random_curve=np.array([0.4, 0.25, 0.2, 0.0]),
        excluded={"c": "2 recorded trials, fewer than 5"},
        n_recorded={"a": 9, "b": 8},
        uninformed={"surrogate": ["b"]},
        response_times={"surrogate": 0.1, "random_pick": 0.0},
    )


def test_datasets_count_once_however_many_seeds(two_methods):
    table = method_table(two_methods, PARAMETERS).set_index("method")
    assert list(table.index) == ["surrogate", "random_pick"]
    assert table.loc["surrogate", "mean_regret"] == pytest.approx(0.2)
    assert table.loc["random_pick", "mean_regret"] == pytest.approx(0.4)
    assert table.loc["surrogate", "mean_accuracy"] == pytest.approx(0.8)
    assert table["mean_rank"].tolist() == [1.25, 1.75]
    assert table["share_best"].tolist() == [1.0, 0.5]
    assert table.loc["random_pick", "regret_std_over_seeds"] == pytest.approx(0.1)
    assert table["equals_random_trials"].tolist() == [3, 1]
    assert (table["regret_low"] <= table["mean_regret"]).all()
    assert (table["regret_high"] >= table["mean_regret"]).all()


def test_method_worse_than_chance_equals_one_random_trial_and_a_perfect_one_all(two_methods):
    two_methods.outcomes["regret"] = [0.0, 0.0, 0.9, 0.9, 0.9, 0.9]
    table = method_table(two_methods, PARAMETERS)
    assert table["equals_random_trials"].tolist() == [4, 1]


def test_report_is_strict_json_with_missing_values_as_null(two_methods):
    table = method_table(two_methods, PARAMETERS)
    report = evaluation_report(two_methods, table, PARAMETERS)
    read = json.loads(json.dumps(report, allow_nan=False))
    assert read == report
    assert read["by_dataset"]["regret"]["a"] == {"surrogate": 0.1, "random_pick": 0.5}
    assert read["by_dataset"]["training_time_s"]["a"]["random_pick"] is None
    assert read["methods"][0]["method"] == "surrogate"


def test_page_says_what_came_out_and_what_was_left_out(two_methods):
    table = method_table(two_methods, PARAMETERS)
    page = evaluation_page(table, evaluation_report(two_methods, table, PARAMETERS), REFERENCE)
    assert "mean regret of **0.200**" in page
    assert "lower than that of the strongest other choice that costs none, random pick" in page
    assert "worth 3 random trials" in page
    assert "| a | 9 | **0.100** | 0.500 |" in page
    assert "| b | 8 | **0.300** | **0.300** |" in page
    assert "Not scored: c (2 recorded trials, fewer than 5)" in page
    assert "`surrogate` knew no recorded configuration of b" in page
    assert "| Bayesian Opt. | search | 0.881 |" in page


def test_page_says_so_when_a_baseline_wins(two_methods):
    two_methods.outcomes["regret"] = [0.5, 0.5, 0.1, 0.1, 0.1, 0.1]
    table = method_table(two_methods, PARAMETERS)
    page = evaluation_page(table, evaluation_report(two_methods, table, PARAMETERS), REFERENCE)
    assert "no lower than that of the strongest other choice that costs none, random pick" in page


def test_page_without_rivals_claims_nothing(two_methods):
    two_methods.outcomes = two_methods.outcomes.query("method == 'surrogate'")
    table = method_table(two_methods, PARAMETERS)
    page = evaluation_page(table, evaluation_report(two_methods, table, PARAMETERS), REFERENCE)
    assert "was not compared" in page
