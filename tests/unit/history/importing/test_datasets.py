import numpy as np
import pytest
import yaml

from metallmix_kedro.history.importing.datasets import described_datasets
from metallmix_kedro.history.importing.importer import import_history
from metallmix_kedro.history.importing.mapping import read_mapping
from metallmix_kedro.support.errors import InputError
from tests.unit.history.importing.tables import MAPPING, write_csv, write_mapping

CARD = {
    "name": "scans",
    "modality": "CT",
    "image_size": [512, 400],
    "class_counts": {"tumour": 30, "healthy": 10},
}
TABLE = {"file": "sets.csv", "key": "set", "columns": {"n_classes": "k", "image_width": "w"}}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "card.yml").write_text(yaml.safe_dump(CARD))
    rows = [("scans", "3", "100"), ("leaves", "5", ""), ("others", "no number", "1")]
    write_csv(tmp_path / "sets.csv", rows, ("set", "k", "w"))
    write_csv(tmp_path / "trials.csv")
    return tmp_path


def described(folder, names=("scans", "leaves"), **changes):
    return described_datasets(read_mapping(write_mapping(folder, **changes)), folder, names)


def test_nothing_is_described_by_default(folder):
    assert described(folder).empty


def test_a_card_gives_all_meta_features(folder):
    row = described(folder, dataset_cards=["card.yml"]).loc["scans"]
    assert (row["n_instances"], row["imbalance_ratio"], row["image_height"]) == (40, 3, 400)
    assert row.notna().all()


def test_a_table_gives_its_columns_of_the_datasets_that_are_wanted(folder):
    table = described(folder, dataset_table=TABLE)
    assert table["n_classes"].to_dict() == {"scans": 3, "leaves": 5}
    assert table["image_width"].isna().to_dict() == {"scans": False, "leaves": True}
    assert table["modality"].isna().all()


def test_values_win_over_cards_and_cards_over_the_table(folder):
    table = described(
        folder,
        dataset_table=TABLE,
        dataset_cards=["card.yml"],
        datasets={"scans": {"image_width": "64"}},
    )
    assert (table.at["scans", "image_width"], table.at["scans", "n_classes"]) == (64, 2)


def test_trials_take_what_is_said_of_their_dataset_where_they_say_nothing(folder):
    header = ("data", "net", "acc", "secs", "state", "w")
    rows = [("scans", "A", "0.5", "1", "done", "32"), ("scans", "B", "0.6", "1", "done", "")]
    write_csv(folder / "trials.csv", rows, header)
    columns = {**MAPPING["columns"], "image_width": "w"}
    trials, _ = import_history(
        write_mapping(folder, columns=columns, constants=None, dataset_cards=["card.yml"])
    )
    assert trials["image_width"].tolist() == [32, 512]
    assert trials["modality"].tolist() == ["CT", "CT"]


def test_their_names_of_datasets_are_translated_in_both_tables(folder):
    trials, _ = import_history(
        write_mapping(
            folder,
            dataset_table=TABLE,
            values={**MAPPING["values"], "dataset": {"scans": "chest_ct"}},
        )
    )
    by_dataset = trials.groupby("dataset")["n_classes"].first().to_dict()
    assert by_dataset == {"chest_ct": 3, "leaves": 5}


def test_a_constant_is_what_nothing_else_says(folder):
    trials, _ = import_history(
        write_mapping(
            folder,
            constants={"modality": "natural", "n_classes": "9"},
            datasets={"scans": {"modality": "CT"}},
        )
    )
    first = trials.groupby("dataset").first()
    assert first["modality"].to_dict() == {"leaves": "natural", "scans": "CT"}
    assert set(trials["n_classes"]) == {9.0}


def test_a_dataset_that_nothing_says_the_modality_of(folder):
    path = write_mapping(folder, constants=None, datasets={"scans": {"modality": "CT"}})
    with pytest.raises(InputError, match=r"2 of 4 rows(.|\n)*row 4, modality: is missing"):
        import_history(path)


def test_a_described_dataset_without_trials_is_said(folder, caplog):
    import_history(write_mapping(folder, datasets={"scan": {"modality": "CT"}}))
    assert "dataset 'scan' is described, but no trial is on it" in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"datasets": {"scans": {"n_classes": "two"}}},
            r"datasets\.scans = .*: n_classes: 'two' is not",
        ),
        ({"dataset_cards": ["gone.yml"]}, r"gone\.yml cannot be read.*dataset_cards of the import"),
        ({"dataset_cards": ["card.yml", "card.yml"]}, "Two dataset_cards.*describe scans"),
        ({"dataset_table": {**TABLE, "file": "gone.csv"}}, r"gone\.csv cannot be read"),
        ({"dataset_table": {**TABLE, "key": "sets"}}, "no column 'sets'; did you mean 'set'"),
    ],
)
def test_what_cannot_be_used_is_named(folder, changes, message):
    with pytest.raises(InputError, match=message):
        described(folder, **changes)


def test_bad_rows_of_the_table_stop_the_import(folder):
    rows = [("scans", "many", "1"), ("scans", "3", "1"), ("leaves", "3")]
    write_csv(folder / "sets.csv", rows, ("set", "k", "w"))
    with pytest.raises(InputError) as error:
        described(folder, dataset_table=TABLE)
    message = str(error.value)
    assert "row 2, column 'k': 'many' is not a number" in message
    assert "row 3, column 'set': 'scans' stands twice" in message
    assert "row 4 has 2 cells" in message


def test_missing_values_are_missing_not_text(folder):
    value = described(folder, dataset_table=TABLE).at["leaves", "image_width"]
    assert value is None or np.isnan(value)
