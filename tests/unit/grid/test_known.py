import json

import pandas as pd
import pytest

from metallmix_kedro.grid.known import history_records, readable_records
from tests.fabricated import fabricate_history


def test_measured_trials_are_taken_out_of_a_history() -> None:
    history = fabricate_history(n_datasets=2, n_trials=5)
    history.loc[[0, 1], "source"] = ["published", "imported"]
    history.loc[2, "test_accuracy"] = float("nan")
    records = history_records(history)
    assert list(records) == history["trial_id"].tolist()[2:]
    failed = records[history.loc[2, "trial_id"]]
    assert failed["test_accuracy"] is None
    assert failed["freeze_batch_norm"] is None
    assert failed["backbone"] == history.loc[2, "backbone"]
    assert records[history.loc[3, "trial_id"]]["test_accuracy"] == history.loc[3, "test_accuracy"]


def test_a_history_without_trials_gives_none() -> None:
    assert history_records(fabricate_history(1, 3).iloc[:0]) == {}


def test_records_are_plain_values() -> None:
    (record,) = history_records(fabricate_history(1, 1)).values()
    json.dumps(record)
    assert not any(value is pd.NA for value in record.values())


def test_a_stored_trial_that_cannot_be_read_is_named_and_counts_as_not_measured(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def failing() -> dict[str, object]:
        raise OSError("the disk\nfailed")

    (whole,) = history_records(fabricate_history(1, 1)).values()
    stored = {
        "a/1": lambda: whole,
        "a/half": lambda: json.loads('{"trial_id": "2", "test_acc'),
        "a/nameless": lambda: {"test_accuracy": 0.5},
        "a/list": lambda: [1],
        "a/unreadable": failing,
    }
    assert readable_records(stored) == {whole["trial_id"]: whole}
    for name in ("a/half", "a/nameless", "a/list", "a/unreadable"):
        assert f"'{name}' cannot be read" in caplog.text
    assert "the disk failed" in caplog.text
    assert "'a/1'" not in caplog.text
