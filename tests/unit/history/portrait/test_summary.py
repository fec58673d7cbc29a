import json

from metallmix_kedro.history.columns import LATER_COLUMNS
from metallmix_kedro.history.portrait.summary import (
    count_trials,
    summarise_history,
    training_seconds,
)
from tests.fabricated import fabricate_history
from tests.made_history import made_history


def test_trials_are_counted_finished_and_failed():
    history = made_history(
        [
            {"strategy": "full", "test_accuracy": 0.1},
            {"strategy": "full", "status": "failed"},
            {"backbone": "Other", "test_accuracy": 0.1, "proposer": "bayesian"},
            {"dataset": "e", "source": "published", "proposer": "llm:x", "test_accuracy": 1.0},
        ]
    )
    counts = count_trials(history)
    assert (counts["trials"], counts["finished"], counts["failed"]) == (4, 3, 1)
    assert counts["datasets"] == 2
    assert counts["by_dataset"]["d"] == {"finished": 2, "failed": 1}
    assert counts["by_source"]["measured"] == {"finished": 2, "failed": 1}
    assert counts["by_proposer"]["random"] == {"finished": 1, "failed": 1}
    assert counts["by_proposer"]["llm:x"] == {"finished": 1, "failed": 0}


def test_features_that_trials_share_are_spent_once():
    shared = {"strategy": "full", "fit_time_s": 1.0, "feature_time_s": 10.0}
    history = made_history(
        [
            {**shared, "training_time_s": 11.0},
            {**shared, "training_time_s": 11.0},
            {**shared, "dataset": "e", "training_time_s": 11.0},
            {"status": "failed"},
        ]
    )
    assert training_seconds(history) == {"training_time_s": 33.0, "spent_s": 23.0}


def test_the_summary_is_json_and_knows_no_order_of_rows():
    history = fabricate_history(n_datasets=3, n_trials=80)
    shuffled = history.sample(frac=1, random_state=1)
    one, other = (
        json.dumps(summarise_history(rows), allow_nan=False) for rows in (history, shuffled)
    )
    assert one == other


def test_the_summary_finds_what_the_fabricated_history_was_made_of():
    found = summarise_history(fabricate_history(n_datasets=4, n_trials=120))
    assert found["compared"] == {"n_trials": 480, "n_datasets": 4}
    assert {won["best"]["backbone"] for won in found["winners"].values()} == {"EfficientNetLite0"}
    main = found["importance"]["all"]["overall"]
    assert list(main)[:2] == ["backbone", "learning_rate"]
    assert main["backbone"] + main["learning_rate"] > 0.95
    assert main["dropout"] < 0.01


def test_a_history_stored_before_there_were_levels_is_summarised():
    history = fabricate_history(n_datasets=3, n_trials=40)
    earlier = history.drop(columns=list(LATER_COLUMNS))
    assert summarise_history(earlier) == summarise_history(history)


def test_histories_with_little_in_them_are_summarised():
    paper = {"source": "published", "proposer": "llm:x", "test_accuracy": 1.0}
    for rows in ([], [paper], [{"status": "failed"}], [{"test_accuracy": 0.4}]):
        found = summarise_history(made_history(rows))
        json.dumps(found, allow_nan=False)
        assert found["counts"]["trials"] == len(rows)
        assert found["similarity"]["order"] == (["d"] if rows == [{"test_accuracy": 0.4}] else [])
