from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from metallmix_kedro.declared import configuration_columns, hyperparameter
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support.errors import ParameterError
from tests.declared_space import base_parameters

PAPER = (
    "Xception",
    "EfficientNetB5",
    "ResNet50",
    "InceptionV3",
    "NASNetMobile",
    "DenseNet121",
    "EfficientNetB0",
)


@pytest.fixture(scope="module")
def space() -> SearchSpace:
    return SearchSpace.model_validate(base_parameters()["search_space"])


def test_the_papers_space_has_6804_configurations(space: SearchSpace) -> None:
    paper = space.restricted(backbone=PAPER)
    assert paper.size == len(paper.frame()) == 6804
    assert not paper.frame().duplicated().any()


def test_every_row_is_in_the_space_and_has_a_name_of_its_own(space: SearchSpace) -> None:
    frame = space.frame()
    rows = frame.sample(200, random_state=0).to_dict("records")
    assert all(Configuration.from_mapping(row) in space for row in rows)
    names = {Configuration.from_mapping(row).id for row in frame.to_dict("records")}
    assert len(names) == space.size


@given(data=st.data(), name=st.sampled_from(configuration_columns()))
def test_a_value_off_the_list_is_not_in_the_space(data: st.DataObject, name: str) -> None:
    space = SearchSpace.model_validate(base_parameters()["search_space"])
    numbers = {"number": st.floats(allow_nan=False), "whole_number": st.integers()}
    numbers["log_number"] = numbers["number"]
    value = data.draw(numbers.get(hyperparameter(name).kind, st.text()))
    good = {other: space.values(other)[0] for other in configuration_columns()}
    configuration = Configuration(**{**good, name: value})
    assert (configuration in space) == (value in space.values(name))


def test_numbers_of_numpy_become_pythons() -> None:
    configuration = Configuration.from_mapping(
        {
            "backbone": np.str_("Xception"),
            "strategy": np.str_("full"),
            "dense_units": np.int64(512),
            "dropout": np.float64(0.3),
            "optimizer": np.str_("adam"),
            "learning_rate": np.float64(1e-3),
            "batch_size": np.int64(16),
            "test_accuracy": 0.5,
        }
    )
    assert [type(value) for value in configuration.as_dict().values()] == [
        str,
        str,
        int,
        float,
        str,
        float,
        int,
    ]
    assert configuration.id == "Xception-full-d512-p0.3-adam-lr1e-03-b16"


def test_a_missing_hyperparameter_is_an_error() -> None:
    with pytest.raises(KeyError):
        Configuration.from_mapping({"backbone": "Xception"})


@pytest.mark.parametrize("backbones", [[], ["NoSuchNet"]])
def test_unknown_backbones_are_refused(space: SearchSpace, backbones: list[str]) -> None:
    with pytest.raises(ParameterError, match=r"search_space\.backbone"):
        space.restricted(backbone=backbones)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("dropout", [1.0]),
        ("learning_rate", [0.0]),
        ("batch_size", [0]),
        ("dense_units", []),
        ("optimizer", [3]),
        ("strategy", ["last_20"]),
        ("batch_size", [16, 16]),
    ],
)
def test_values_out_of_range_are_refused(column: str, values: list[Any]) -> None:
    shipped = base_parameters()["search_space"]
    with pytest.raises(ValidationError, match=column):
        SearchSpace.model_validate({**shipped, column: values})


def test_a_file_is_read_where_nothing_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = base_parameters()["search_space"]
    expected = SearchSpace.model_validate(entries)
    monkeypatch.setattr("metallmix_kedro.declared.declaration._IN_FORCE", [])
    assert SearchSpace.model_validate(entries) == expected
