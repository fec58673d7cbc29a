import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.evaluation.protocols.replay import replay_tables
from metallmix_kedro.history import SCORE, History
from metallmix_kedro.support.errors import ArtifactError


def table_of(history, dataset="fabricated_0"):
    tables, _ = replay_tables(History(history), "measured", 5)
    return next(table for table in tables if table.dataset == dataset)


def test_regret_is_zero_for_the_best_and_one_for_the_worst(shared_history):
    table = table_of(shared_history)
    assert table.regrets[table.scores.argmax()] == 0
    assert table.regrets[table.scores.argmin()] == 1
    assert ((table.regrets >= 0) & (table.regrets <= 1)).all()


def test_candidates_show_no_outcome(shared_history):
    seen = set(table_of(shared_history).candidates.columns)
    assert set(configuration_columns()) < seen
    assert not seen & {SCORE, "training_time_s", "test_f1", "error", "trial_id"}


def test_candidates_are_those_of_all_images_and_tell_how_many_trained_them(shared_history):
    small = shared_history.assign(level="100", n_train=100.0)
    large = shared_history.assign(level="all", n_train=np.arange(len(shared_history), dtype=float))
    history = pd.concat([small.assign(trial_id="100-" + small["trial_id"]), large])
    table = table_of(history.reset_index(drop=True))
    n_train = large.set_index("trial_id")["n_train"]
    assert table.candidates["n_train"].tolist() == n_train[table.trial_ids].tolist()


def test_failed_published_and_scoreless_trials_are_not_replayed(shared_history):
    history = shared_history.copy()
    ours = history.index[history["dataset"] == "fabricated_0"]
    history.loc[ours[0], ["status", SCORE]] = ["failed", np.nan]
    history.loc[ours[1], "source"] = "published"
    assert len(table_of(history).scores) == len(ours) - 2


@pytest.mark.parametrize("scores", [(0.1, 0.99), (0.99, 0.1)])
def test_of_two_records_the_one_with_more_folds_counts_whatever_it_scored(shared_history, scores):
    twin = shared_history.iloc[[0]].assign(trial_id="a-twin", n_folds=4.0)
    history = pd.concat([shared_history, twin], ignore_index=True)
    history.loc[[0, len(history) - 1], SCORE] = scores
    ids = set(table_of(history).trial_ids)
    assert "a-twin" in ids
    assert shared_history["trial_id"].iloc[0] not in ids


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        (SCORE, 0.7, "same score"),
        ("class_entropy", np.nan, "class_entropy"),
        ("status", "failed", "0 recorded trials"),
    ],
)
def test_dataset_that_cannot_be_scored_is_listed_with_the_reason(
    shared_history, column, value, reason
):
    history = shared_history.copy()
    history.loc[history["dataset"] == "fabricated_1", column] = value
    tables, excluded = replay_tables(History(history), "measured", 5)
    assert "fabricated_1" not in [table.dataset for table in tables]
    assert reason in excluded["fabricated_1"]


def test_too_few_datasets_are_an_error_that_names_the_reasons(shared_history):
    with pytest.raises(ArtifactError, match=r"0 datasets.*evaluation\.source.*fabricated_0: 0"):
        replay_tables(History(shared_history), "imported", 5)


def test_a_table_knows_the_hashes_of_its_images(shared_history):
    assert table_of(shared_history.assign(data_hash=None)).data_hashes == frozenset()
    history = shared_history.copy()
    history.loc[history["dataset"] == "fabricated_0", "data_hash"] = "abc"
    assert table_of(history).data_hashes == {"abc"}
