from pathlib import Path

import pandas as pd
import pytest

from metallmix_kedro.history.searches import (
    OUTCOME_COLUMNS,
    PAPER_COLUMNS,
    compare_searches,
)
from metallmix_kedro.support.errors import ArtifactError
from tests.made_history import made_history
from tests.workspace import PROJECT

PUBLISHED = pd.read_csv(Path(PROJECT) / "data/01_raw/published_methods.csv")


def searched(trials, dataset="chest_ct", search="random_search"):
    """Make a history and its only search; `trials`: (validation, test, seconds), None = failed."""
    rows = [
        {"dataset": dataset, "trial_id": f"{dataset}-{number}", "status": "failed"}
        if trial is None
        else {
            "dataset": dataset,
            "trial_id": f"{dataset}-{number}",
            "validation_accuracy": trial[0],
            "test_accuracy": trial[1],
            "training_time_s": trial[2],
            "strategy": "full",
            "image_size": 96.0,
        }
        for number, trial in enumerate(trials)
    ]
    ids = [row["trial_id"] for row in rows]
    # The order of the history is no order of trials.
    return made_history(rows[::-1]), {"dataset": dataset, "search": search, "trial_ids": ids}


def compared(history, *searches):
    return compare_searches(history, dict(enumerate(searches)), PUBLISHED)


def test_best_of_twenty_is_chosen_by_validation_not_by_test():
    trials = [(0.5, 0.5, 10.0)] * 20
    trials[7] = (0.8, 0.60, 30.0)  # validates best
    trials[12] = (0.7, 0.90, 50.0)  # tests best, which nobody knows in time
    row = compared(*searched(trials)).iloc[0]
    assert (row["n_trials"], row["n_failed"]) == (20, 0)
    assert (row["validation_accuracy"], row["test_accuracy"]) == (0.8, 0.6)
    assert row["best_test_accuracy"] == 0.9
    assert row["total_time_s"] == 18 * 10 + 30 + 50
    assert row["chosen_trial"] == "chest_ct-7"


def test_the_papers_figures_stand_beside():
    row = compared(*searched([(0.5, 0.5, 1.0)])).iloc[0]
    # Chest Ct, Random Search of the paper's Table 3.
    assert row["published_cv_accuracy"] == 0.86
    assert row["published_response_time_s"] == 3837.86
    assert row["published_training_time_s"] == 59.47


def test_of_equal_validation_accuracies_the_first_trial_is_chosen():
    row = compared(*searched([(0.6, 0.1, 1.0), (0.6, 0.9, 1.0), (0.5, 1.0, 1.0)])).iloc[0]
    assert (row["test_accuracy"], row["best_test_accuracy"]) == (0.1, 1.0)


def test_failed_trials_count_and_are_never_chosen():
    row = compared(*searched([None, (0.3, 0.2, 5.0), None, (0.4, 0.1, 7.0)])).iloc[0]
    assert (row["n_trials"], row["n_failed"], row["total_time_s"]) == (4, 2, 12)
    assert (row["test_accuracy"], row["best_test_accuracy"]) == (0.1, 0.2)


def test_a_search_of_failed_trials_only_has_no_choice():
    row = compared(*searched([None, None])).iloc[0]
    assert (row["n_trials"], row["n_failed"], row["total_time_s"]) == (2, 2, 0)
    assert pd.isna(row["test_accuracy"])
    assert pd.isna(row["chosen_trial"])


def test_datasets_that_are_not_the_papers_have_no_published_figures():
    parts = [
        searched([(0.5, 0.5, 1.0)], "cifar10"),
        searched([(0.5, 0.5, 1.0)], "chest_ct"),
        searched([(0.5, 0.5, 1.0)], "alzheimer_mri"),
    ]
    history = pd.concat([history for history, _ in parts], ignore_index=True)
    ids = parts[1][1]["trial_ids"]
    guided = {"dataset": "chest_ct", "search": "bayesian_search", "trial_ids": ids}
    table = compared(history, guided, *(search for _, search in parts))
    assert table[["dataset", "search"]].to_numpy().tolist() == [
        ["alzheimer_mri", "random_search"],
        ["chest_ct", "bayesian_search"],
        ["chest_ct", "random_search"],
        ["cifar10", "random_search"],
    ]
    assert table["published_cv_accuracy"].isna().tolist() == [False, False, False, True]
    assert table["published_cv_accuracy"].iloc[1] == 0.96  # Bayesian Opt.


def test_without_searches_the_table_is_empty_and_has_its_columns():
    table = compare_searches(made_history([{"test_accuracy": 0.5}]), {}, PUBLISHED)
    assert table.empty
    told = [f"published_{name}" for name in PAPER_COLUMNS]
    assert list(table.columns) == [*OUTCOME_COLUMNS, *told]


def test_a_trial_that_the_history_lacks_is_an_error_that_says_what_to_run():
    history, search = searched([(0.5, 0.5, 1.0)] * 2)
    with pytest.raises(ArtifactError, match=r"lacks 1 trials.*retrace_searches"):
        compared(history.head(1), search)


def test_a_published_table_without_a_column_is_refused():
    with pytest.raises(ArtifactError, match=r"cv_accuracy.*published_methods\.csv"):
        compare_searches(made_history([]), {}, PUBLISHED.drop(columns="cv_accuracy"))
