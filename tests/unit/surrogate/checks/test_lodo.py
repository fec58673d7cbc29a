import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.history.relative import add_relative_score
from metallmix_kedro.support.errors import InputError
from metallmix_kedro.surrogate.checks.lodo import leave_one_dataset_out, surrogates_without
from tests.unit.surrogate.conftest import published_twin

LEFT_OUT = "fabricated_2"


def with_marker(history):
    """The history with everything measured on one dataset changed, under two sources."""
    table = pd.concat([history, published_twin(history, LEFT_OUT)], ignore_index=True)
    marked = table.copy()
    rows = marked["dataset"] == LEFT_OUT
    rng = np.random.default_rng(0)
    marked.loc[rows, "score"] = rng.uniform(0, 1, rows.sum())
    marked.loc[rows, "training_time_s"] = rng.uniform(1e6, 1e9, rows.sum())
    marked.loc[rows, "device"] = "MARKER"
    return table, marked


def test_a_marker_in_the_left_out_rows_changes_nothing(history, parameters):
    clean, marked = (
        leave_one_dataset_out(table, parameters, seed=1) for table in with_marker(history)
    )
    rows = clean["dataset"] == LEFT_OUT
    made = [name for name in clean if name.startswith(("predicted_", "baseline_"))]
    pd.testing.assert_frame_equal(clean.loc[rows, made], marked.loc[rows, made])
    # and the marker was there to be found
    assert not clean.loc[~rows, made].equals(marked.loc[~rows, made])


def test_the_marker_stands_nowhere_in_the_stored_form(history, parameters):
    _, marked = with_marker(history)
    rows = marked["dataset"] == LEFT_OUT
    marked.loc[rows, ["backbone", "modality"]] = "MARKER"
    for fold, surrogate in surrogates_without(add_relative_score(marked), parameters, seed=1):
        score_model, time_model, card = surrogate.artifacts()
        stored = str(card) + str(score_model.save_raw("json")) + str(time_model.save_raw("json"))
        assert ("MARKER" in stored) is (LEFT_OUT not in fold)
        assert all(name not in card["training"]["datasets"] for name in fold)


def test_every_finished_own_trial_is_predicted_once(history, parameters):
    history.loc[3, "status"] = "failed"
    history.loc[5, "score"] = np.nan
    table = pd.concat([history, published_twin(history, LEFT_OUT)], ignore_index=True)
    predictions = leave_one_dataset_out(table, parameters, seed=1)
    expected = history.drop(index=[3, 5])["trial_id"].tolist()
    assert predictions["trial_id"].tolist() == expected
    assert predictions.drop(columns="baseline_relative_score").notna().all(axis=None)


def test_the_baseline_is_the_mean_over_the_other_datasets(history, parameters, predictions):
    relative = add_relative_score(history)
    keys = ["backbone", "strategy", "dense_units", "dropout", "optimizer", "learning_rate"]
    keys.append("batch_size")
    known = predictions[predictions["baseline_n_datasets"] > 0]
    assert len(known)
    row = known.iloc[0]
    trial = relative.set_index("trial_id").loc[row["trial_id"]]
    same = (relative[keys] == trial[keys]).all(axis=1) & (relative["dataset"] != row["dataset"])
    assert row["baseline_relative_score"] == pytest.approx(
        relative.loc[same, "relative_score"].mean()
    )
    assert row["baseline_n_datasets"] == relative.loc[same, "dataset"].nunique()


def test_times_are_predicted_for_the_trials_own_device(history, parameters):
    slow = np.arange(len(history)) % 3 == 0
    table = history.assign(
        device=np.where(slow, "slow", "fast"),
        training_time_s=history["training_time_s"] * np.where(slow, 50.0, 1.0),
    )
    predictions = leave_one_dataset_out(table, parameters, seed=1)
    ratio = np.log(predictions["training_time_s"] / predictions["predicted_training_time_s"])
    assert ratio.groupby(slow).mean().abs().max() < 0.3


def test_many_datasets_are_left_out_together(history, parameters):
    few_folds = parameters.model_copy(update={"max_folds": 3})
    predictions = leave_one_dataset_out(history, few_folds, seed=1)
    assert predictions["trial_id"].tolist() == history["trial_id"].tolist()


def test_the_result_repeats(history, parameters, predictions):
    again = leave_one_dataset_out(history, parameters, seed=1)
    pd.testing.assert_frame_equal(again, predictions)


def test_two_datasets_are_too_few(history, parameters):
    two = history[history["dataset"].isin(["fabricated_0", "fabricated_1"])]
    with pytest.raises(InputError, match="needs at least 3"):
        leave_one_dataset_out(two, parameters, seed=1)
