from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.meta_features.card import read_card
from metallmix_kedro.meta_features.parameters import TargetParameters
from metallmix_kedro.meta_features.target import describe_target
from metallmix_kedro.support.errors import InputError, ParameterError
from tests.declared_space import base_parameters

CARD = """\
name: scans
modality: CT
image_size: [512, 400]
class_counts: {tumour: 30, healthy: 10}
"""
EXAMPLE = Path(__file__).parents[3] / "data" / "01_raw" / "example_target.yml"


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "card.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_card_is_read(tmp_path: Path):
    card = read_card(write(tmp_path, CARD))
    assert (card.name, card.modality, card.image_size) == ("scans", "CT", (512, 400))
    features = card.meta_features()
    assert (features.n_instances, features.imbalance_ratio) == (40, 3)
    assert (features.image_width, features.image_height) == (512, 400)


def test_shipped_example_is_a_card():
    assert read_card(EXAMPLE).meta_features().n_instances == 1840


def test_class_names_that_yaml_takes_for_something_else(tmp_path: Path):
    text = CARD.replace("{tumour: 30, healthy: 10}", "{no: 5, yes: 6, 0: 7, 1e3: 8, null: 9}")
    assert list(read_card(write(tmp_path, text)).class_counts) == ["no", "yes", "0", "1e3", "null"]


def without(key: str) -> str:
    return "".join(line for line in CARD.splitlines(True) if not line.startswith(key))


@pytest.mark.parametrize("key", ["name", "modality", "image_size", "class_counts"])
def test_missing_key_is_named(tmp_path: Path, key: str):
    with pytest.raises(InputError, match=rf"card\.yml cannot be used: {key}: Field required"):
        read_card(write(tmp_path, without(key)))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("class_counts: {}", r"class_counts: .*at least 2 items after validation, not 0"),
        ("class_counts: {tumour: 3}", r"class_counts: .*at least 2 items after validation, not 1"),
        ("class_counts: {a: 3, b: -1}", r"class_counts\.b: .*greater than or equal to 1"),
        ("class_counts: {a: 3, b: 0}", r"class_counts\.b: .*greater than or equal to 1"),
        ("class_counts: {a: 3, b: many}", r"class_counts\.b: .*valid integer"),
        ("class_counts: {a: 3, b: 2.5}", r"class_counts\.b: .*valid integer"),
        ("class_counts: {a: 3, b: 2, a: 4}", "a stands twice"),
        ("class_counts: [a, b]", "class_counts: .*dictionary"),
        ("class_counts:", "class_counts: .*dictionary"),
        ("image_size: 512", "image_size: .*tuple"),
        ("image_size: [512]", r"image_size\.1: Field required"),
        ("image_size: [512, 0]", r"image_size\.1: .*greater than 0"),
        ("image_size: [512, .inf]", r"image_size\.1"),
        ("image_size: [nan, 5]", r"image_size\.0"),
        ("modality:", "modality: .*at least 1 character"),
        ("modality: [CT, MRI]", "modality: .*valid string"),
        ("clases: 3", "clases: Extra inputs"),
    ],
)
def test_wrong_value_is_named(tmp_path: Path, line: str, message: str):
    with pytest.raises(InputError, match=message):
        read_card(write(tmp_path, without(line.split(":")[0]) + line + "\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# nothing but a comment\n", "is empty"),
        ("- name\n- modality\n", "is not a mapping"),
        ("just words", "is not a mapping"),
        ("{", "is not valid YAML"),
        ("a: b: c", "is not valid YAML"),
        (b"\xff\xfe\x00", "is not valid YAML"),
        ("[" * 5000, "is not valid YAML"),
        ("!!python/object/apply:os.system [ls]", "not a mapping"),
        ("name: *nowhere", "is not valid YAML"),
        ("? {a: b}\n: c\n", "cannot be used|not valid YAML"),
        ("x" * 1_000_001, "too large"),
    ],
)
def test_what_is_no_card(tmp_path: Path, text: str | bytes, message: str):
    with pytest.raises(InputError, match=message):
        read_card(write(tmp_path, text))


def test_missing_card_and_folder_for_a_card(tmp_path: Path):
    with pytest.raises(InputError, match=r"gone\.yml cannot be read.*target\.card"):
        read_card(tmp_path / "gone.yml")
    with pytest.raises(InputError, match="cannot be read"):
        read_card(tmp_path)


@given(st.one_of(st.binary(max_size=200), st.text("{}[]:-,&*!|>'\"#\n ab1", max_size=80)))
def test_anything_else_is_an_input_error(tmp_path_factory, content):
    with pytest.raises(InputError):
        read_card(write(tmp_path_factory.getbasetemp(), content))


TABLE = {
    "rows": {"kind": "whole_number", "minimum": 2},
    "share_missing": {"kind": "number", "minimum": 0, "below": 1},
    "origin": {"kind": "category"},
}
TABLE_CARD = "{name: churn, meta_features: {rows: 1770, share_missing: 8e-2, origin: shop}}"


@pytest.fixture
def tables() -> Iterator[None]:
    """Declare a domain without images."""
    space = base_parameters()["search_space"]
    given = {"search_space": space, "meta_features": {"declared": TABLE}}
    with used(Declaration.from_parameters(given)):
        yield


@pytest.mark.usefixtures("tables")
def test_card_of_another_domain(tmp_path: Path):
    card = read_card(write(tmp_path, TABLE_CARD))
    assert card.name == "churn"
    values = {"rows": 1770, "share_missing": 0.08, "origin": "shop"}
    assert card.meta_features().as_dict() == values
    target = describe_target(TargetParameters(card=str(tmp_path / "card.yml"), name="mine"))
    assert (target.name, target.meta_features.as_dict()) == ("mine", values)


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rows: 1770, ", "", r"meta_features: .*missing: rows"),
        ("rows: 1770", "row: 1770", r"missing: rows; row is not declared \(did you mean rows\?\)"),
        ("rows: 1770", "rows: many", "rows = 'many' is not a whole number, at least 2"),
        ("rows: 1770", "rows: 3.5", "rows = 3.5 is not a whole number"),
        ("rows: 1770", "rows: 1", "rows = 1.* is not a whole number, at least 2"),
        ("8e-2", "nan", "share_missing = nan is not a number"),
        ("8e-2", "1", "share_missing = 1.* is not a number, .*less than 1"),
        ("origin: shop", "origin: ", "origin = '' is no word"),
        ("origin: shop", "origin: [a]", r"origin = \['a'\] is no word"),
        ("name: churn", "image_size: [1, 2]", "name: Field required; image_size: Extra inputs"),
        ("{rows: 1770, share_missing: 8e-2, origin: shop}", "[1]", "meta_features: .*a mapping"),
    ],
)
def test_wrong_value_of_another_domain_is_named(tmp_path: Path, old: str, new: str, message: str):
    with pytest.raises(InputError, match=message):
        read_card(write(tmp_path, TABLE_CARD.replace(old, new)))


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("given", [{"path": "images"}, {"modality": "MRI"}])
def test_images_are_refused_in_a_domain_without(given: dict[str, str]):
    with pytest.raises(ParameterError, match=rf"target\.{next(iter(given))} = .*target\.card"):
        describe_target(TargetParameters(card=str(EXAMPLE), **given))


@pytest.mark.usefixtures("tables")
def test_a_card_of_images_is_refused_in_a_domain_without():
    with pytest.raises(InputError, match="meta_features: Field required"):
        read_card(EXAMPLE)
