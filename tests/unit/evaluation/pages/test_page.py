import io

import pandas as pd
import pytest

from metallmix_kedro.evaluation.outcomes import Comparison
from metallmix_kedro.evaluation.pages.page import evaluation_page
from metallmix_kedro.evaluation.pages.report import evaluation_report
from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.evaluation.statistics.summary import (
    dataset_table,
    method_table,
    protocol_table,
    significance_table,
)
from tests.unit.evaluation import made_comparison
from tests.unit.evaluation.made_comparison import eight_datasets, of_one_modality

PARAMETERS = EvaluationParameters(n_bootstrap=100)


def page_of(comparison: Comparison, stored=lambda table: table) -> str:
    return evaluation_page(
        stored(method_table(comparison, PARAMETERS)),
        stored(significance_table(comparison)),
        stored(protocol_table(comparison, PARAMETERS)),
        stored(dataset_table(comparison)),
        evaluation_report(comparison, PARAMETERS),
    )


def through_csv(table: pd.DataFrame) -> pd.DataFrame:
    """What another run reads: whole numbers beside a missing one come back as floats."""
    return pd.read_csv(io.StringIO(table.to_csv(index=False)))


@pytest.fixture
def two_methods() -> Comparison:
    return made_comparison.two_methods()


@pytest.fixture(scope="module")
def eight() -> str:
    return page_of(eight_datasets())


def test_page_says_what_came_out_and_what_was_left_out(two_methods):
    page = page_of(two_methods)
    assert "mean regret of **0.200**" in page
    assert "lower than that of the strongest other choice that costs none, random pick" in page
    assert "It is worth 3 random trials." in page
    assert "| a | 9 | **0.100** | 0.500 |" in page
    assert "| b | 8 | **0.300** | **0.300** |" in page
    assert "Not scored: c (2 recorded trials, fewer than 5)" in page
    assert "`surrogate` knew no recorded configuration of b" in page


def test_page_says_so_when_a_baseline_wins(two_methods):
    two_methods.outcomes["regret"] = [0.5, 0.5, 0.1, 0.1, 0.1, 0.1]
    page = page_of(two_methods)
    assert "no lower than that of the strongest other choice that costs none, random pick" in page


def test_page_without_rivals_claims_nothing(two_methods):
    two_methods.outcomes = two_methods.outcomes.query("method == 'surrogate'")
    page = page_of(two_methods)
    assert "was not compared" in page
    assert "The product's methods were not compared with others." in page


def test_headline_counts_what_is_beaten_beyond_chance(eight):
    headline = eight.splitlines()[2]
    assert "significantly better than 1 of the 1 others that cost none." in headline
    assert "It is worth 3 random trials and 2 Bayesian ones." in headline
    # The list of five: a quarter of 0.135; the best on average's five have 0.135.
    assert "The best of its five has **0.034**; the best other five, by best on average, 0.135" in (
        headline
    )


def test_tests_of_first_picks_and_of_fives_stand_side_by_side(eight):
    assert "| Best on average | -0.107 | 8 / 0 / 0 | 0.023 | -0.101 | 8 / 0 / 0 | 0.023 |" in eight
    assert "| Best of the short list | +0.101 | 0 / 0 / 8 | 0.023 | — | — | — |" in eight
    assert "The smallest possible p with 8 datasets is 0.0078" in eight


def test_protocols_stand_side_by_side_and_the_missing_one_says_why(eight):
    assert "| **Surrogate's pick** | 0.135 / 0.068 | 0.240 / 0.120 |" in eight
    alone = page_of(of_one_modality())
    assert "`leave_one_modality_out` was not run: d0: what remains has scored trials of 0" in alone


def test_what_did_not_run_everywhere_is_noted(eight):
    assert "`transferability` is not compared. Not run: no probes of this dataset (d7)." in eight


def test_names_with_capitals_of_their_own_keep_them(two_methods):
    two_methods.outcomes = two_methods.outcomes.replace("random_pick", "transferability")
    assert "costs none, LogME and averages (0.400)" in page_of(two_methods)


@pytest.mark.parametrize("make", [made_comparison.two_methods, eight_datasets])
def test_tables_that_were_stored_make_the_same_page(make):
    assert page_of(make(), through_csv) == page_of(make())


def test_one_page_has_no_measured_time_of_this_machine(two_methods):
    first = page_of(two_methods)
    two_methods.response_times = {"surrogate": 9.0}
    assert page_of(two_methods) == first
