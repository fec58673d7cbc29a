import copy
import re

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from pydantic import Field

from metallmix_kedro.all_parameters import AllParameters, check_parameters
from metallmix_kedro.settings import CONFIG_LOADER_ARGS
from metallmix_kedro.support.errors import ParameterError
from metallmix_kedro.support.parameter_errors import describe_offences, known_names
from metallmix_kedro.support.parameters import Parameters
from tests.workspace import PROJECT


def shipped(env: str) -> dict:
    loader = OmegaConfigLoader(conf_source=str(PROJECT / "conf"), env=env, **CONFIG_LOADER_ARGS)
    return loader["parameters"]


@pytest.mark.parametrize("env", ["atlas", "base", "local", "test"])
def test_every_shipped_environment_is_valid(env):
    check_parameters(shipped(env))


def test_every_top_level_key_is_a_pipeline_or_shared():
    assert set(shipped("local")) == set(AllParameters.model_fields)


def test_all_offences_are_listed_at_once():
    parameters = shipped("local")
    parameters["retrieval"] = {**parameters["retrieval"], "nonsense": 1}
    parameters["recommendation"] = {**parameters["recommendation"], "n_candidates": 0}
    parameters["targt"] = {"path": "x"}
    with pytest.raises(ParameterError) as error:
        check_parameters(parameters)
    message = str(error.value)
    assert "retrieval.nonsense = 1: there is no such parameter." in message
    assert "recommendation.n_candidates = 0: allowed is a whole number, at least 2" in message
    assert "targt = {'path': 'x'}: there is no such parameter. Did you mean target?" in message


def test_a_missing_group_is_named():
    parameters = shipped("local")
    del parameters["search_space"]
    with pytest.raises(ParameterError, match="search_space is missing"):
        check_parameters(parameters)


class Inner(Parameters):
    share: float = Field(0.5, gt=0, le=1, description="Share of it.")
    kind: str | None = None


class Outer(Parameters):
    inner: Inner = Inner()
    rows: tuple[Inner, ...] = ()
    named: dict[str, Inner] = Field(default_factory=dict)
    either: int | tuple[str, ...] = 1


def offences(value: object) -> list[str]:
    with pytest.raises(ValueError) as error:  # noqa: PT011 (pydantic's own error is what is read)
        Outer.model_validate(value)
    return describe_offences(Outer.model_json_schema(), error.value.errors())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            {"inner": {"share": 0}},
            "inner.share = 0: allowed is a number, more than 0, at most 1 (Share of it)",
        ),
        (
            {"inner": {"shar": 1}},
            "inner.shar = 1: there is no such parameter. Did you mean inner.share?",
        ),
        ({"share": 1}, "share = 1: there is no such parameter. Did you mean inner.share?"),
        (
            {"inner": {"zzzz": 1}},
            "inner.zzzz = 1: there is no such parameter. Known are: share, kind.",
        ),
        (
            {"rows": [{}, {"share": 3}]},
            "rows[1].share = 3: allowed is a number, more than 0, at most 1 (Share of it)",
        ),
        (
            {"named": {"a": {"share": "x"}}},
            "named.a.share = 'x': allowed is a number, more than 0, at most 1 (Share of it)",
        ),
        ({"either": None}, "either = None: allowed is a whole number or a list (each text)"),
    ],
)
def test_an_offence_is_said_with_name_value_and_range(value, said):
    assert offences(value) == [said]


def test_every_parameter_has_a_name():
    names = set(known_names(AllParameters.model_json_schema()))
    assert {"recommendation.llm.provider", "search_space", "target"} <= names


def refusal(*path: str, value: object) -> str:
    """Set one parameter and return what is said of it."""
    parameters = copy.deepcopy(shipped("local"))
    below = parameters
    for key in path[:-1]:
        below = below.setdefault(key, {})
    below[path[-1]] = value
    with pytest.raises(ParameterError) as error:
        check_parameters(parameters).declaration  # noqa: B018 (it is what refuses)
    return str(error.value)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            "dropout.values",
            [1.0],
            "search_space.dropout.values = [1.0]: 1.0 is not a number, at least 0, less than 1",
        ),
        ("dropout.values", [0.3, 0.3], "dropout.values = [0.3, 0.3]: a value stands twice"),
        ("dropout.default", "x", "search_space.dropout.default = 'x': 'x' is not a number"),
        ("optimizer.values", [], "search_space.optimizer.values = []: allowed is a list"),
        (
            "strategy.values",
            ["last_20"],
            "search_space.strategy.values = ['last_20']: 'last_20' is",
        ),
        ("dropout.kind", "x", "search_space.dropout.kind = 'x': allowed is one of category"),
        ("dropout.valus", [0.3], "there is no such parameter. Did you mean search_space.dropout.v"),
        ("optimiser.values", ["adam"], "search_space.optimiser.kind is missing: allowed is"),
        (
            "optimizer",
            ["adam"],
            "search_space.optimizer = ['adam']: allowed is a mapping",
        ),
        ("dropout.when", {"optimizer": ["adam"]}, "search_space.dropout.when.optimizer: there is"),
        ("dropout.when", {"strategy": ["ful"]}, "search_space.dropout.when.strategy: 'ful' is"),
        ("dropout.when", {"strategy": ["full"]}, "search_space.dropout.default is missing"),
    ],
)
def test_a_wrong_declaration_is_named(path, value, said):
    pattern = re.escape(said).replace(r"\.\*", ".*").replace(r"\ ", " ")
    assert re.search(pattern, refusal("search_space", *path.split("."), value=value))


def test_a_wrong_meta_feature_is_named():
    path = ("meta_features", "declared", "n_clases")
    assert "meta_features.declared.n_clases.kind is missing" in refusal(*path, value={"words": "x"})
    path = ("meta_features", "declared", "dropout")
    assert "Both a hyperparameter" in refusal(*path, value={"kind": "number"})


def test_a_space_without_hyperparameters_is_refused():
    assert "search_space is empty" in refusal("search_space", value={})


@pytest.mark.parametrize("through", ["file", "params"])
def test_an_old_list_of_values_says_how_it_is_written_now(workspace, through):
    old = {"search_space": {"optimizer": ["adam"]}}
    if through == "file":
        (workspace.conf / "test/parameters_mine.yml").write_text(yaml.safe_dump(old))
    with pytest.raises(ParameterError, match=r"optimizer:\n    values: \[adam\]"):
        workspace.run("recommendation", params=old if through == "params" else None)


@pytest.mark.parametrize(
    ("name", "hint"),
    [(7, "write it in quotes"), (True, "write it in quotes"), ("caf\udce9", "UTF-8 locale")],
)
def test_a_text_that_arrived_as_something_else_is_told_how_to_write_it(name, hint):
    parameters = shipped("base")
    parameters["target"] = {**parameters["target"], "name": name}
    with pytest.raises(ParameterError, match=hint):
        check_parameters(parameters)
