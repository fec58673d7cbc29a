"""The history's views: each is made of the others' rows, once."""

import copy

import pandas as pd
import pytest

from metallmix_kedro.history import History
from tests.fabricated import fabricate_history


@pytest.fixture(scope="module")
def history() -> History:
    table = fabricate_history(3, 12)
    table.loc[table.index[:2], "status"] = "failed"
    table.loc[table.index[2], "learning_rate"] = None
    return History.scored(table, "accuracy")


def test_trials_of_another_image_size_are_kept_apart():
    table = fabricate_history(2, 6).assign(image_size=96.0)
    table.loc[table.index[3], "image_size"] = 224.0
    found = History.scored(table, "accuracy")
    assert len(found.table) == 11
    assert found.set_aside["trial_id"].tolist() == [table["trial_id"].iloc[3]]
    assert History.scored(table.assign(image_size=96.0), "accuracy").set_aside.empty


def test_relative_scores_are_those_among_what_remains(history):
    rest = history.without(frozenset(["fabricated_0"]))
    best = rest.relative.groupby("dataset")["relative_score"].max()
    assert best.to_dict() == {"fabricated_1": 1.0, "fabricated_2": 1.0}
    assert history.n_scored_datasets == 3
    assert rest.n_scored_datasets == 2


def test_what_is_partly_known_is_not_comparable_unless_it_was_imported(history):
    gone = set(history.table["trial_id"]) - set(history.comparable["trial_id"])
    assert gone == set(history.table["trial_id"].iloc[:3])
    assert set(history.known["trial_id"]) == set(history.comparable["trial_id"])
    imported = History(history.table.assign(source="imported"))
    assert len(imported.comparable) == len(history.comparable) + 1


def test_every_view_is_made_once_and_travels_uncopied(history):
    assert history.means is history.means
    assert copy.deepcopy(history) is history
    assert history.means["n_trials"].sum() == len(history.comparable)


def test_own_trials_are_best_first(history):
    own = history.own_trials("fabricated_1")
    assert len(own) == 12
    assert own["score"].is_monotonic_decreasing
    pd.testing.assert_frame_equal(history.own_trials("nobody"), own.iloc[:0], check_dtype=False)
