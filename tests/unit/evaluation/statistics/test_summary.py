import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.evaluation.outcomes import Comparison
from metallmix_kedro.evaluation.pages.report import evaluation_report
from metallmix_kedro.evaluation.parameters import MAIN, EvaluationParameters
from metallmix_kedro.evaluation.statistics.scores import mean_path
from metallmix_kedro.evaluation.statistics.summary import (
    dataset_table,
    main_regrets,
    method_table,
    protocol_table,
    significance_table,
)
from tests.unit.evaluation import made_comparison
from tests.unit.evaluation.made_comparison import MODALITY, eight_datasets, of_one_modality

PARAMETERS = EvaluationParameters(n_bootstrap=100)


@pytest.fixture
def two_methods() -> Comparison:
    return made_comparison.two_methods()


@pytest.fixture(scope="module")
def eight() -> Comparison:
    return eight_datasets()


def test_datasets_count_once_however_many_seeds(two_methods):
    table = method_table(two_methods, PARAMETERS).set_index("method")
    assert list(table.index) == ["surrogate", "random_pick"]
    assert table.loc["surrogate", "mean_regret"] == pytest.approx(0.2)
    assert table.loc["random_pick", "mean_regret"] == pytest.approx(0.4)
    assert table["mean_regret_of_five"].tolist() == pytest.approx([0.1, 0.2])
    assert table.loc["surrogate", "mean_score"] == pytest.approx(0.8)
    assert table["mean_below_best"].tolist() == pytest.approx([0.02, 0.04])
    assert table["equals_random_trials"].tolist() == [3, 1]
    assert table["equals_bayesian_trials"].isna().all()
    for mean, bounds in (("mean_regret", "regret"), ("mean_regret_of_five", "of_five")):
        assert (table[f"{bounds}_low"] <= table[mean]).all()
        assert (table[f"{bounds}_high"] >= table[mean]).all()


def test_method_worse_than_chance_equals_one_random_trial_and_a_perfect_one_all(two_methods):
    two_methods.outcomes["regret"] = [0.0, 0.0, 0.9, 0.9, 0.9, 0.9]
    table = method_table(two_methods, PARAMETERS)
    assert table["equals_random_trials"].tolist() == [4, 1]


def test_equal_bayesian_trials_are_read_off_the_replayed_search(eight):
    table = method_table(eight, PARAMETERS).set_index("method")
    # After one trial the search has 0.5, after two 0.06.
    assert table.loc["surrogate", "mean_regret"] == pytest.approx(0.135)
    assert table.loc["surrogate", "equals_bayesian_trials"] == 2
    assert pd.isna(table.loc["short_list", "equals_bayesian_trials"])


def test_a_method_that_did_not_run_everywhere_is_not_compared(eight):
    assert "transferability" not in set(method_table(eight, PARAMETERS)["method"])
    tests = significance_table(eight)
    assert "transferability" not in {*tests["ours"], *tests["other"]}
    figures = dataset_table(eight)
    assert (figures["method"] == "transferability").sum() == 7


def test_a_path_stays_at_its_best_where_there_is_nothing_more_to_try():
    rows = [("a", 1, 0.4), ("a", 2, 0.2), ("b", 1, 0.6)]
    anytime = pd.DataFrame(rows, columns=["dataset", "n_trials", "regret"]).assign(method="m")
    assert mean_path(anytime, "m").to_dict() == pytest.approx({1: 0.5, 2: 0.4})
    assert mean_path(anytime, "none").empty


def test_protocols_have_figures_of_their_own(eight):
    table = protocol_table(eight, PARAMETERS).set_index(["protocol", "method"])
    assert set(table.index.get_level_values(0)) == {MAIN, MODALITY}
    assert table.loc[(MODALITY, "surrogate"), "mean_regret"] == pytest.approx(0.135 + 0.105)
    assert (table["n_datasets"] == 8).all()
    assert (MAIN, "bayesian_search") not in table.index
    one = dataset_table(eight).set_index(["protocol", "dataset", "method"])
    assert one.loc[(MODALITY, "d3", "surrogate"), "regret"] == pytest.approx(0.13 + 0.105)


def test_our_pick_and_our_five_are_tested_under_each_protocol(eight):
    tests = significance_table(eight).set_index(["protocol", "figure", "other"]).sort_index()
    assert set(tests.loc[(MAIN, "regret"), "ours"]) == {"surrogate"}
    assert set(tests.loc[(MAIN, "regret_of_five"), "ours"]) == {"short_list"}
    ahead = tests.loc[(MAIN, "regret", "best_on_average")]
    assert ahead["mean_difference"] == pytest.approx(-0.107)
    assert ahead["p"] == pytest.approx(2 / 2**8)
    assert ahead["p_holm"] == pytest.approx(3 * 2 / 2**8)
    five = tests.loc[(MAIN, "regret_of_five", "best_on_average")]
    assert five["wins"] == 8
    assert tests.loc[(MODALITY, "regret", "short_list"), "p_holm"] == pytest.approx(2 / 2**8)


def test_without_our_methods_nothing_is_tested(two_methods):
    two_methods.outcomes["method"] = "random_pick"
    tests = significance_table(two_methods)
    assert tests.empty
    assert "p_holm" in tests


def test_report_is_strict_json_with_missing_values_as_null(two_methods):
    report = evaluation_report(replace(two_methods, floors={"a": 0.1, "b": np.nan}), PARAMETERS)
    read = json.loads(json.dumps(report, allow_nan=False))
    assert read == report
    assert read["noise_floors"] == {"a": 0.1, "b": None}
    assert read["excluded_datasets"] == {"c": "2 recorded trials, fewer than 5"}


def test_regrets_by_dataset_are_of_the_main_protocol(eight):
    regrets = main_regrets(dataset_table(eight))
    assert regrets.loc["d3", "surrogate"] == pytest.approx(0.13)
    assert regrets.shape == (8, 5)


def test_report_says_what_was_not_run(eight):
    report = evaluation_report(eight, PARAMETERS)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["not_run"] == {"transferability": {"d7": "no probes of this dataset"}}
    assert report["other_protocols"][MODALITY]["n_datasets"] == 8
    alone = evaluation_report(of_one_modality(), PARAMETERS)
    assert alone["other_protocols"][MODALITY]["n_datasets"] == 0
    assert len(alone["other_protocols"][MODALITY]["excluded_datasets"]) == 8
