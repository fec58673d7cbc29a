from typing import Any

import pytest
from pydantic import ValidationError

from metallmix_kedro.grid.parameters import ExperimentGridParameters, level_name
from tests.trial_examples import (
    BY_STRATEGY,
    configuration,
    grid_parameters,
    grid_values,
)


def refused(**changes: Any) -> str:
    with pytest.raises(ValidationError) as error:
        grid_parameters(**changes)
    return str(error.value)


def test_a_grid_of_nothing_is_refused() -> None:
    assert "there is nothing to measure" in refused(n_random=0, n_bayesian=0, n_initial=0)


@pytest.mark.parametrize(
    "counts",
    [
        {"n_random": 1, "n_bayesian": 0},
        {"n_random": 0, "n_bayesian": 1, "n_initial": 0},
        {
            "n_random": 0,
            "n_bayesian": 0,
            "n_random_by_strategy": {**BY_STRATEGY, "last_10": 1},
        },
        {"n_random": 0, "n_bayesian": 0, "configurations": [configuration().as_dict()]},
    ],
)
def test_one_trial_of_any_kind_is_enough(counts: dict[str, Any]) -> None:
    assert grid_parameters(**counts).n_random == counts["n_random"]


def test_a_level_is_given_once() -> None:
    assert "twice" in refused(levels=[{"n_train": 100}, {"n_train": None}, {"n_train": 100}])
    levels = grid_parameters(levels=[{"n_train": 100}, {"n_train": None}]).levels
    assert [level_name(level.n_train) for level in levels] == ["100", "all"]


def test_a_search_cannot_be_told_what_is_not_measured() -> None:
    said = refused(n_random=3, n_initial=4)
    assert "n_initial is 4" in said
    assert "n_random = 3" in said
    assert grid_parameters(n_random=3, n_initial=4, n_bayesian=0).n_initial == 4


@pytest.mark.parametrize(
    "executor", ["in_process", "processes", "tcp://10.0.0.1:8786", "tls://scheduler.lab:80"]
)
def test_executors_are_two_words_or_an_address(executor: str) -> None:
    assert grid_parameters(executor=executor).executor == executor


@pytest.mark.parametrize("executor", ["", "threads", "tcp://host", "http://host:80", "processes "])
def test_no_other_executor_is_accepted(executor: str) -> None:
    assert "executor" in refused(executor=executor)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("seed",), -1),
        (("backbones",), []),
        (("n_workers",), 0),
        (("heads_at_once",), 0),
        (("head_weights_at_once",), 0),
        (("cache", "max_disk_gb"), 0),
        (("cache", "max_memory_gb"), -1),
        (("protocol", "image_size"), 16),
        (("protocol", "subset_size"), 4),
        (("protocol", "patience"), 0),
        (("protocol", "n_folds", "full"), 0),
        (("protocol", "min_tested", "last_10"), -1),
        (("protocol", "validation_share"), 0),
        (("protocol", "validation_share"), 0.6),
        (("strategies",), []),
        (("levels",), []),
        (("levels", 0, "n_train"), 0),
        (("n_seeds",), 0),
        (("second_split_below",), -1),
        (("protocol", "max_epochs", "last_10"), 0),
        (("n_random_by_strategy", "last_30"), -1),
        (("cache", "colour"), "blue"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(
    path: tuple[str | int, ...], value: object
) -> None:
    values = ExperimentGridParameters.model_validate(grid_values()).model_dump()
    group: Any = values
    for name in path[:-1]:
        group = group[name]
    group[path[-1]] = value
    with pytest.raises(ValidationError) as error:
        ExperimentGridParameters.model_validate(values)
    assert ".".join(map(str, path)) in str(error.value)


def test_parameters_survive_the_way_to_a_worker() -> None:
    levels = [{"n_train": None}, {"n_train": 100, "n_repeated": BY_STRATEGY}]
    lists = {**configuration().as_dict(), "backbone": ["Xception", "EfficientNetLite0"]}
    parameters = grid_parameters(n_random=9, levels=levels, configurations=[lists])
    sent = parameters.model_dump_json()
    assert ExperimentGridParameters.model_validate_json(sent) == parameters
