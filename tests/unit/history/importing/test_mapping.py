import pytest

from metallmix_kedro.history.importing.mapping import read_mapping
from metallmix_kedro.support.errors import InputError
from tests.unit.history.importing.tables import MAPPING, write_mapping


def test_a_mapping_is_read_with_its_defaults(tmp_path):
    mapping = read_mapping(write_mapping(tmp_path))
    assert mapping.columns == MAPPING["columns"]
    assert (mapping.on_bad_rows, mapping.decimal, mapping.encoding) == ("refuse", ".", "utf-8-sig")


def test_values_that_yaml_takes_for_something_else_stay_text(tmp_path):
    path = write_mapping(tmp_path)
    path.write_text(path.read_text() + "only: {state: [no, 1, 0x1F, null]}\n")
    assert read_mapping(path).only == {"state": ("no", "1", "0x1F", "null")}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "name is missing"),
        ({"name": "My Runs"}, "name = 'My Runs'"),
        ({"file": None}, "file is missing"),
        ({"colums": {"a": "b"}}, r"colums = .*no such parameter. Did you mean columns\?"),
        ({"columns": {"dataset": "d", "backbone": "b"}}, "test_accuracy is missing"),
        (
            {"columns": {**MAPPING["columns"], "droput": "p"}},
            r"'droput' is no column of the history.*did you mean dropout\?",
        ),
        ({"columns": {**MAPPING["columns"], "trial_id": "p"}}, "'trial_id' is no column"),
        ({"constants": None}, r"modality is missing: .*modality: unknown"),
        (
            {"constants": {"modality": "natural", "backbone": "b"}},
            "backbone stands in columns and in constants",
        ),
        ({"values": {"optimizer": {"a": "b"}}}, r"values\.optimizer: .*nothing to translate"),
        ({"file": "runs.parquet", "delimiter": ";"}, "delimiter: says how a CSV is read"),
        ({"scale": {"backbone": 2}}, "'backbone' is no column of the history that holds numbers"),
        ({"scale": {"test_accuracy": 0}}, r"scale\.test_accuracy = '0': .*more than 0"),
        ({"scale": {"test_accuracy": "inf"}}, r"scale\.test_accuracy = 'inf'"),
        ({"on_bad_rows": "ignore"}, "on_bad_rows = 'ignore': allowed is one of refuse, exclude"),
        ({"decimal": ";"}, "decimal = ';'"),
        ({"delimiter": ", "}, "delimiter = ', '"),
        ({"encoding": "utf-9"}, "'utf-9' is no encoding"),
        ({"only": {"state": "done"}}, r"only\.state = 'done': allowed is a list"),
        ({"datasets": {"scans": {"width": "3"}}}, "'width' is no meta-feature"),
        (
            {"dataset_table": {"file": "d.csv", "key": "k", "columns": {"test_f1": "x"}}},
            "'test_f1' is no meta-feature",
        ),
        (
            {
                "columns": {**MAPPING["columns"], "n_classes": "k"},
                "dataset_table": {"file": "d.csv", "key": "k", "columns": {"n_classes": "x"}},
            },
            r"n_classes stands in columns and in dataset_table\.columns",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, changes, message):
    path = write_mapping(tmp_path, **changes)
    with pytest.raises(InputError, match=message) as error:
        read_mapping(path)
    assert str(path) in str(error.value)


def test_all_faults_are_listed_at_once(tmp_path):
    path = write_mapping(tmp_path, decimal="x", on_bad_rows="y")
    with pytest.raises(InputError, match=r"decimal(.|\n)*on_bad_rows"):
        read_mapping(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("- a", "not a mapping"),
        ("a: {", "not valid YAML"),
        ("a: 1\na: 2", "twice"),
    ],
)
def test_what_is_no_mapping(tmp_path, text, message):
    path = tmp_path / "m.yml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_mapping(path)


def test_a_missing_file_is_named_with_its_parameter(tmp_path):
    with pytest.raises(InputError, match=r"gone\.yml cannot be read.*experiment_grid\.imports"):
        read_mapping(tmp_path / "gone.yml")
