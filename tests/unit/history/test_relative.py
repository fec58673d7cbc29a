import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.history.objective import with_score
from metallmix_kedro.history.relative import NO_SPREAD, add_relative_score, has_score, origin
from tests.fabricated import fabricate_history


def trials(scores, dataset="d", source="measured", status="finished", proposer="random"):
    return pd.DataFrame(
        {
            "dataset": dataset,
            "source": source,
            "proposer": proposer,
            "status": status,
            "score": scores,
        }
    )


def test_worst_is_zero_and_best_is_one():
    table = add_relative_score(trials([0.6, 0.9, 0.75]))
    assert table["relative_score"].tolist() == pytest.approx([0.0, 1.0, 0.5])


def test_datasets_and_sources_are_kept_apart():
    table = pd.concat(
        [
            trials([0.1, 0.2]),
            trials([0.8, 0.9], dataset="e"),
            trials([0.5, 0.4], source="published"),
        ],
        ignore_index=True,
    )
    assert add_relative_score(table)["relative_score"].tolist() == [0, 1, 0, 1, 1, 0]


def test_imports_of_the_same_dataset_are_kept_apart():
    table = pd.concat(
        [trials([0.1, 0.2], source="imported", proposer=f"import:{name}") for name in ("a", "b")],
        ignore_index=True,
    )
    table["score"] += [0, 0, 0.5, 0.5]
    assert origin(table).tolist() == ["import:a", "import:a", "import:b", "import:b"]
    assert add_relative_score(table)["relative_score"].tolist() == [0, 1, 0, 1]


def test_failed_and_scoreless_trials_neither_get_a_score_nor_move_the_range():
    table = trials([0.6, 0.8, 0.0, np.nan], status=["finished", "finished", "failed", "finished"])
    relative = add_relative_score(table)["relative_score"]
    assert relative.tolist()[:2] == [0.0, 1.0]
    assert relative.isna().tolist() == [False, False, True, True]
    assert has_score(table).tolist() == [True, True, False, False]


@pytest.mark.parametrize("scores", [[0.7], [0.7, 0.7, 0.7]])
def test_a_group_without_spread_is_neither_best_nor_worst(scores):
    assert set(add_relative_score(trials(scores))["relative_score"]) == {NO_SPREAD}


def test_the_history_itself_is_not_changed():
    history = with_score(fabricate_history(2, 5), "accuracy")
    before = history.copy()
    add_relative_score(history)
    pd.testing.assert_frame_equal(history, before)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=30))
def test_order_is_kept_within_a_dataset(thousandths):
    scores = pd.Series(thousandths) / 1000
    relative = add_relative_score(trials(scores))["relative_score"]
    assert relative.between(0, 1).all()
    if scores.nunique() > 1:
        assert (relative.rank().to_numpy() == scores.rank().to_numpy()).all()
