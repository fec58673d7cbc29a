from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from metallmix_kedro.search_space import CONFIGURATION_COLUMNS, Configuration, SearchSpace
from metallmix_kedro.support.errors import ParameterError

SHIPPED = Path(__file__).parents[3] / "conf/base/parameters/search_space.yml"
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
    return SearchSpace.model_validate(yaml.safe_load(SHIPPED.read_text())["search_space"])


def test_the_papers_space_has_6804_configurations(space: SearchSpace) -> None:
    paper = space.restricted(PAPER)
    assert paper.size == len(paper.frame()) == 6804
    assert not paper.frame().duplicated().any()


def test_every_row_is_in_the_space_and_has_a_name_of_its_own(space: SearchSpace) -> None:
    frame = space.frame()
    rows = frame.sample(200, random_state=0).to_dict("records")
    assert all(Configuration.from_mapping(row) in space for row in rows)
    names = {Configuration.from_mapping(row).id for row in frame.to_dict("records")}
    assert len(names) == space.size


@given(
    column=st.sampled_from(CONFIGURATION_COLUMNS),
    value=st.one_of(st.text(), st.integers(), st.floats(allow_nan=True)),
)
def test_a_value_off_the_list_is_not_in_the_space(column: str, value: Any) -> None:
    shipped = yaml.safe_load(SHIPPED.read_text())["search_space"]
    space = SearchSpace.model_validate(shipped)
    good = {name: shipped[name][0] for name in CONFIGURATION_COLUMNS}
    configuration = Configuration(**{**good, column: value})
    assert (configuration in space) == (value in shipped[column])


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
        space.restricted(backbones)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("dropout", [1.0]),
        ("learning_rate", [0.0]),
        ("batch_size", [0]),
        ("dense_units", []),
        ("optimizer", ["adagrad"]),
        ("strategy", ["last_20"]),
        ("batch_size", [16, 16]),
    ],
)
def test_values_out_of_range_are_refused(column: str, values: list[Any]) -> None:
    shipped = yaml.safe_load(SHIPPED.read_text())["search_space"]
    with pytest.raises(ValidationError, match=column):
        SearchSpace.model_validate({**shipped, column: values})
