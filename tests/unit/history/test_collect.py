"""Joining trials into a history."""

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.grid.known import history_records, readable_records
from metallmix_kedro.history.collect import collect_history
from metallmix_kedro.history.columns import LATER_COLUMNS, history_columns
from metallmix_kedro.history.schema import history_schema
from metallmix_kedro.support.errors import ArtifactError
from tests.fabricated import fabricate_history
from tests.workspace import PROJECT

NO_OUTCOMES = pd.DataFrame(
    columns=["dataset", "llm", "selected_model", "accuracy", "training_time_s"]
)
OUTCOMES = pd.DataFrame(
    {
        "dataset": ["Kidney", "Breast"],
        "llm": ["mistral:7b", "mistral:7b"],
        "selected_model": ["ResNet50", "Xception"],
        "accuracy": [1.0, 0.83],
        "training_time_s": [10.0, 20.0],
    }
)
HISTORY = fabricate_history(n_datasets=2, n_trials=5)
TRIALS: list[dict[str, Any]] = json.loads(HISTORY.to_json(orient="records"))


def trial(number: int = 0, **changes: Any) -> dict[str, Any]:
    return TRIALS[number] | changes


def test_records_and_published_outcomes_make_one_valid_history() -> None:
    history = collect_history(None, TRIALS, OUTCOMES)
    assert tuple(history.columns) == history_columns()
    assert history["source"].value_counts().to_dict() == {"measured": 10, "published": 2}
    pd.testing.assert_frame_equal(history, history_schema().validate(history))


def test_nothing_at_all_is_an_empty_history() -> None:
    assert collect_history(None, [], NO_OUTCOMES).empty


def test_collecting_again_changes_nothing() -> None:
    once = collect_history(None, TRIALS, OUTCOMES)
    pd.testing.assert_frame_equal(collect_history(once, TRIALS, OUTCOMES), once)


@given(st.permutations(TRIALS), st.integers(0, 10))
@settings(max_examples=15, deadline=None)
def test_result_does_not_depend_on_order_or_on_what_was_there_before(
    trials: list[dict[str, Any]], n_earlier: int
) -> None:
    earlier = collect_history(None, trials[:n_earlier], OUTCOMES)
    pd.testing.assert_frame_equal(
        collect_history(earlier, trials[n_earlier:], OUTCOMES),
        collect_history(None, TRIALS, OUTCOMES),
    )


def test_later_record_of_the_same_trial_wins() -> None:
    earlier = collect_history(None, [trial(test_accuracy=0.1)], NO_OUTCOMES)
    history = collect_history(
        earlier, [trial(test_accuracy=0.2), trial(test_accuracy=0.3)], NO_OUTCOMES
    )
    assert history["test_accuracy"].tolist() == [0.3]


def theirs(name: str, *numbers: int) -> pd.DataFrame:
    changes = {"source": "imported", "proposer": f"import:{name}"}
    records = [trial(n, trial_id=f"imported-{name}-{n}", **changes) for n in numbers]
    return pd.DataFrame(records, columns=list(history_columns()))


def test_an_import_replaces_what_an_earlier_one_of_its_name_brought() -> None:
    earlier = collect_history(None, TRIALS[:2], NO_OUTCOMES, theirs("a", 0, 1, 2))
    earlier = collect_history(earlier, [], NO_OUTCOMES, theirs("b", 3))
    history = collect_history(earlier, [], NO_OUTCOMES, theirs("a", 1, 4))
    assert set(history["trial_id"]) == {
        *(record["trial_id"] for record in TRIALS[:2]),
        "imported-a-1",
        "imported-a-4",
        "imported-b-3",
    }
    again = collect_history(history, [], NO_OUTCOMES, theirs("a", 1, 4))
    pd.testing.assert_frame_equal(again, history)
    pd.testing.assert_frame_equal(collect_history(history, [], NO_OUTCOMES, theirs("a")), history)


def test_published_outcomes_take_measured_meta_features_before_imported_ones() -> None:
    imported = theirs("a", 1).assign(dataset="kidney_ct", class_entropy=9.0)
    history = collect_history(None, [trial(dataset="kidney_ct")], OUTCOMES, imported)
    for _ in range(2):
        published = history.query("source == 'published' and dataset == 'kidney_ct'")
        assert published["class_entropy"].tolist() == [trial()["class_entropy"]]
        history = collect_history(history, [], OUTCOMES, imported)


def test_finished_record_beats_a_later_failure() -> None:
    failure = trial(status="failed", error="out of memory", test_accuracy=None)
    history = collect_history(None, [trial(), failure], NO_OUTCOMES)
    assert history["status"].tolist() == ["finished"]
    assert collect_history(history, [failure], NO_OUTCOMES)["status"].tolist() == ["finished"]


def test_failed_trial_stays_when_nothing_better_is_known() -> None:
    failure = trial(status="failed", error="out of memory", test_accuracy=None)
    history = collect_history(None, [failure], NO_OUTCOMES)
    assert history["error"].tolist() == ["out of memory"]


def test_published_outcomes_learn_meta_features_measured_later() -> None:
    first = collect_history(None, [], OUTCOMES)
    measured = [trial(dataset="kidney_ct")]
    history = collect_history(first, measured, OUTCOMES).set_index("source")
    kidney = history.loc[history["dataset"] == "kidney_ct", "class_entropy"]
    assert kidney["published"] == pytest.approx(measured[0]["class_entropy"])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("test_accuracy", 1.5),
        ("test_accuracy", None),
        ("training_time_s", -1.0),
        ("training_time_s", float("inf")),
        ("n_classes", "many"),
        ("status", "running"),
        ("source", "heard of"),
        ("backbone", None),
    ],
)
def test_bad_value_is_named_with_row_and_column(column: str, value: object) -> None:
    with pytest.raises(ArtifactError) as caught:
        collect_history(None, [*TRIALS[1:], trial(**{column: value})], NO_OUTCOMES)
    assert f"row {TRIALS[0]['trial_id']}, column {column}: " in str(caught.value)
    assert "1 values" in str(caught.value)


def test_many_bad_values_are_counted() -> None:
    bad = [trial(test_accuracy=2.0, trial_id=f"bad-{number:02}") for number in range(14)]
    with pytest.raises(ArtifactError, match=r"bad-00(.|\n)*bad-09(.|\n)*and 4 more"):
        collect_history(None, bad, NO_OUTCOMES)


def test_a_history_and_trials_without_the_later_columns_are_joined() -> None:
    earlier = HISTORY.iloc[:5].drop(columns=list(LATER_COLUMNS))
    later = {"level": "100", "n_train": 100, "test_hits": "[9, 8]"}
    old = {key: value for key, value in trial(8).items() if key not in LATER_COLUMNS}
    history = collect_history(earlier, [trial(7, **later), old], NO_OUTCOMES)
    assert tuple(history.columns) == history_columns()
    levels = history.set_index("trial_id")["level"]
    assert levels[TRIALS[7]["trial_id"]] == "100"
    assert levels.isna().sum() == 6


def test_the_shipped_history_is_read_and_gone_on_with() -> None:
    *_, path = sorted((PROJECT / "data/05_model_input/history.parquet").glob("*/history.parquet"))
    shipped = pd.read_parquet(path)
    measured = shipped["source"] == "measured"
    history = collect_history(shipped, [trial(level="100")], NO_OUTCOMES)
    assert len(history) == len(shipped) + 1
    records = history_records(shipped)
    assert len(records) == measured.sum()
    name, record = next(iter(records.items()))
    assert readable_records({name: lambda: record}) == {
        name: {**dict.fromkeys(LATER_COLUMNS), **record}
    }


def test_foreign_earlier_history_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"missing or unknown: .*, x\)"):
        collect_history(pd.DataFrame({"x": [1]}), [], NO_OUTCOMES)
