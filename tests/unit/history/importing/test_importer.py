import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.importing.importer import import_histories, import_history
from metallmix_kedro.history.schema import history_schema
from metallmix_kedro.support.errors import InputError
from tests.unit.history.importing.tables import (
    HEADER,
    MAPPING,
    ROWS,
    changed,
    write_csv,
    write_mapping,
)


def imported(folder, rows=ROWS, header=HEADER, **changes):
    write_csv(folder / "trials.csv", rows, header)
    return import_history(write_mapping(folder, **changes))


def refused(folder, message, rows=ROWS, **changes):
    with pytest.raises(InputError, match=message) as error:
        imported(folder, rows, **changes)
    return str(error.value)


def test_rows_become_trials(tmp_path):
    trials, report = imported(tmp_path)
    assert tuple(trials.columns) == history_columns()
    history_schema().validate(trials)
    assert set(trials["source"]) == {"imported"}
    assert set(trials["proposer"]) == {"import:theirs"}
    assert trials["backbone"].tolist() == ["ResNet50", "TheirNet", "ResNet50", "TheirNet"]
    assert trials["test_accuracy"].tolist()[:3] == [0.91, 0.88, 0.75]
    assert trials["training_time_s"].tolist()[:3] == [12.5, 7, 3]
    assert trials["status"].tolist() == ["finished"] * 3 + ["failed"]
    assert set(trials["modality"]) == {"natural"}
    assert trials["strategy"].isna().all()
    assert (report["rows"], report["left_out"], report["trials"]) == (
        4,
        0,
        {"leaves": 2, "scans": 2},
    )


def test_without_a_status_all_are_finished(tmp_path):
    columns = {key: name for key, name in MAPPING["columns"].items() if key != "status"}
    trials, _ = imported(tmp_path, ROWS[:3], columns=columns, values=None)
    assert set(trials["status"]) == {"finished"}


def test_parquet_and_csv_give_the_same_trials(tmp_path):
    from_csv, _ = imported(tmp_path)
    frame = pd.DataFrame(ROWS, columns=list(HEADER)).replace("", None)
    frame["acc"] = frame["acc"].astype(float)
    frame.to_parquet(tmp_path / "trials.parquet")
    from_parquet, _ = import_history(write_mapping(tmp_path, file="trials.parquet"))
    pd.testing.assert_frame_equal(from_parquet, from_csv)


def test_only_and_drop_leave_rows_out_unchecked(tmp_path):
    rows = [*ROWS, ("scans", "ResNet50", "running still", "", "running")]
    trials, report = imported(
        tmp_path, rows, only={"state": ["done", "broken"]}, drop={"data": ["leaves"]}
    )
    assert trials["dataset"].tolist() == ["scans", "scans"]
    assert (report["rows"], report["left_out"]) == (5, 3)


def test_a_dropped_value_that_stands_nowhere_is_said(tmp_path, caplog):
    imported(tmp_path, drop={"data": ["leafs"]})
    assert "drop names 'leafs'" in caplog.text


def test_nothing_left_is_an_error(tmp_path):
    refused(tmp_path, r"no row to import that only and drop leave", only={"state": ["x"]})
    refused(tmp_path, r"trials\.csv has no row to import \(import", rows=[])


def test_ids_depend_on_name_and_content_alone(tmp_path):
    once, _ = imported(tmp_path)
    again, _ = imported(tmp_path, ROWS[::-1])
    other, _ = imported(tmp_path, name="others")
    ids = set(once["trial_id"])
    assert len(ids) == 4
    assert set(again["trial_id"]) == ids
    assert not set(other["trial_id"]) & ids
    corrected, _ = imported(tmp_path, changed(0, acc="0.92"))
    assert len(set(corrected["trial_id"]) & ids) == 3


def test_rows_that_agree_need_an_id(tmp_path):
    rows = [*ROWS, ROWS[0]]
    message = refused(tmp_path, "agrees in everything with row 2", rows)
    assert "row 6" in message
    assert "(id)" in message
    marked = [(*row, str(number)) for number, row in enumerate(rows)]
    trials, _ = imported(tmp_path, marked, (*HEADER, "run"), id="run")
    assert trials["trial_id"].is_unique
    assert len(trials) == 5


def test_an_id_that_is_missing_or_stands_twice(tmp_path):
    rows = [(*ROWS[0], "a"), (*ROWS[0], "a"), (*ROWS[1], "")]
    with pytest.raises(InputError, match=r"2 of 3 rows are bad") as error:
        imported(tmp_path, rows, (*HEADER, "run"), id="run")
    assert "row 3, column 'run', trial_id: 'a' agrees in everything with row 2" in str(error.value)
    assert "row 4, column 'run', trial_id: is missing" in str(error.value)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"acc": "91"}, r"'acc', test_accuracy: '91' is not in \[0, 1\]; .*scale"),
        ({"acc": "-0.1"}, r"'-0.1' is not in \[0, 1\]"),
        ({"acc": "inf"}, "'inf' is not a finite number"),
        ({"acc": "good"}, "'good' is not a number"),
        ({"acc": ""}, "test_accuracy: is missing though the trial finished"),
        ({"secs": "-3"}, "'secs', training_time_s: '-3' is below 0"),
        ({"data": ""}, "'data', dataset: is missing"),
        ({"net": "NaN"}, "'net', backbone: is missing"),
        ({"state": "paused"}, r"'paused' is neither finished nor failed; .*values\.status"),
        ({"state": ""}, "'state', status: is missing"),
    ],
)
def test_a_bad_value_is_named_and_nothing_is_imported(tmp_path, cells, said):
    message = refused(tmp_path, said, changed(1, **cells))
    assert "Nothing is imported from trials.csv" in message
    assert "1 of 4 rows are bad" in message
    assert "row 3" in message


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("strategy", "half", "one of feature_extraction, last_10, last_30, full"),
        ("dense_units", "12.5", "a whole number"),
        ("dropout", "1", "less than 1"),
        ("learning_rate", "0", "more than 0"),
        ("batch_size", "0", "at least 1"),
        ("n_classes", "1", "at least 2"),
        ("image_width", "0", "more than 0"),
        ("n_instances", "10.5", "a whole number"),
        ("imbalance_ratio", "0.5", "at least 1"),
    ],
)
def test_what_no_configuration_or_dataset_can_be_is_refused(tmp_path, column, value, said):
    with pytest.raises(InputError, match=said):
        imported(
            tmp_path,
            [(*row, value) for row in ROWS],
            (*HEADER, "x"),
            columns={**MAPPING["columns"], column: "x"},
        )


def test_their_own_search_space_is_welcome(tmp_path):
    own = {"optimizer": "lion", "dense_units": "0", "batch_size": "7", "learning_rate": "3"}
    trials, _ = imported(tmp_path, constants={"modality": "sonar", **own})
    assert set(trials["optimizer"]) == {"lion"}
    assert set(trials["dense_units"]) == {0.0}


def test_constants_at_fault_are_named(tmp_path):
    refused(
        tmp_path,
        r"constants = .*: n_classes: 'four' is not a number",
        constants={"modality": "natural", "n_classes": "four"},
    )


def test_many_bad_rows_are_counted(tmp_path):
    rows = [("scans", "ResNet50", str(2 + number), "1", "done") for number in range(14)]
    message = refused(tmp_path, "14 of 14 rows are bad", rows)
    assert message.count("- row ") == 10
    assert "and 4 more" in message
    assert "Correct the mapping or the table" in message


def test_excluded_rows_are_reported_and_the_others_imported(tmp_path):
    rows = [*changed(1, acc="91", secs="x"), ("short",)]
    trials, report = imported(tmp_path, rows, on_bad_rows="exclude")
    assert len(trials) == 3
    told = [
        (bad["row"], bad["column"], bad["their_column"], bad["value"]) for bad in report["excluded"]
    ]
    assert sorted(told) == [
        (3, "test_accuracy", "acc", "91"),
        (3, "training_time_s", "secs", "x"),
        (6, "", None, None),
    ]
    assert (report["n_trials"], report["n_excluded_rows"], report["rows"]) == (3, 2, 5)


def test_nothing_good_is_an_error_even_where_bad_rows_are_excluded(tmp_path):
    refused(tmp_path, "1 of 1 rows are bad", [("a", "b", "7", "1", "done")], on_bad_rows="exclude")


def test_a_missing_column_is_named_with_the_nearest(tmp_path):
    refused(
        tmp_path,
        r"trials\.csv has no column 'ac'; did you mean 'acc'",
        columns={**MAPPING["columns"], "test_accuracy": "ac"},
    )


def test_several_imports_are_all_or_nothing(tmp_path):
    write_csv(tmp_path / "trials.csv")
    one = write_mapping(tmp_path)
    two = write_mapping(tmp_path, name="others")
    trials, report = import_histories([str(one), str(two)])
    assert trials["proposer"].value_counts().to_dict() == {"import:theirs": 4, "import:others": 4}
    assert [each["name"] for each in report["imports"]] == ["theirs", "others"]
    write_csv(tmp_path / "bad.csv", changed(0, acc="x"))
    bad = write_mapping(tmp_path, name="bad", file="bad.csv")
    with pytest.raises(InputError, match=r"bad\.csv"):
        import_histories([str(one), str(bad)])


def test_two_imports_of_one_name_are_refused(tmp_path):
    write_csv(tmp_path / "trials.csv")
    path = str(write_mapping(tmp_path))
    with pytest.raises(InputError, match="have the name theirs"):
        import_histories([path, path])


def test_no_import_is_an_empty_history():
    trials, report = import_histories([])
    assert trials.empty
    assert tuple(trials.columns) == history_columns()
    assert report == {"imports": []}


CELL = st.sampled_from(["", "0.5", "2", "-1", "x", "inf", "NaN", "done", "broken", "1e999", " "])


@given(st.lists(st.tuples(*[CELL] * 5), max_size=6), st.sampled_from(["refuse", "exclude"]))
@settings(max_examples=25)
def test_any_cells_give_valid_trials_or_nothing(tmp_path_factory, rows, on_bad_rows):
    folder = tmp_path_factory.getbasetemp()
    try:
        trials, report = imported(folder, rows, on_bad_rows=on_bad_rows)
    except InputError:
        return
    history_schema().validate(trials)
    assert len(trials) + report["n_excluded_rows"] + report["left_out"] == report["rows"]
    assert on_bad_rows == "exclude" or not report["excluded"]
