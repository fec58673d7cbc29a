import pandas as pd
import pytest

from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.protocols.protocols import left_out_for, too_little_left
from metallmix_kedro.evaluation.protocols.replay import replay_tables
from metallmix_kedro.history import History

TARGET = "fabricated_0"


@pytest.fixture(scope="module")
def tables(shared_history):
    return replay_tables(History(shared_history), "measured", 5)[0]


def test_no_trace_of_a_left_out_dataset_remains(shared_history):
    history = shared_history.copy()
    ours = history["dataset"] == TARGET
    history.loc[ours, "data_hash"] = "abc"
    published_twin = history[ours].head(1).assign(trial_id="p", source="published", data_hash=None)
    renamed_twin = history[ours].head(1).assign(trial_id="r", dataset="other name")
    history = pd.concat([history, published_twin, renamed_twin], ignore_index=True)
    left = History(history).without(frozenset([TARGET]))
    assert set(left.table["dataset"]) == {f"fabricated_{n}" for n in (1, 2, 3)}
    assert len(left.table) == (~ours).sum()


def test_datasets_without_a_hash_are_not_taken_for_twins(shared_history):
    unknown = shared_history.assign(data_hash=None)
    assert History(unknown).without(frozenset([TARGET])).table["dataset"].nunique() == 3


def test_twins_of_what_is_left_out_go_as_well(shared_history):
    history = shared_history.copy()
    history.loc[history["dataset"].isin([TARGET, "fabricated_1"]), "data_hash"] = "abc"
    left = History(history).without(frozenset([TARGET]))
    assert set(left.table["dataset"]) == {"fabricated_2", "fabricated_3"}
    assert len(left.table) == history["dataset"].isin(left.table["dataset"]).sum()


def test_a_modality_takes_every_dataset_that_any_row_says_is_of_it(shared_history, tables):
    history = shared_history.copy()
    modality = history.loc[history["dataset"] == TARGET, "modality"].iloc[0]
    row = history.index[history["dataset"] == "fabricated_2"][0]
    history.loc[row, "modality"] = modality
    left_out = left_out_for("leave_one_modality_out", tables[0], History(history))
    assert left_out == frozenset([TARGET, "fabricated_2"])


def test_the_dataset_leaves_alone_or_with_those_that_share_its_images(shared_history, tables):
    assert left_out_for(MAIN, tables[0], History(shared_history)) == frozenset([TARGET])
    groups = [frozenset([TARGET, "fabricated_2"]), frozenset(["fabricated_1", "fabricated_3"])]
    assert left_out_for(MAIN, tables[0], History(shared_history), groups) == groups[0]


def test_two_datasets_with_scores_are_enough_to_learn_from(shared_history):
    two = shared_history[shared_history["dataset"].isin([TARGET, "fabricated_1"])]
    assert too_little_left(History(two)) is None
    failed = two.assign(status=two["status"].where(two["dataset"] == TARGET, "failed"))
    assert "1 dataset(s)" in too_little_left(History(failed))
