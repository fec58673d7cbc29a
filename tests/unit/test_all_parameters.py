import pytest
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
    assert {"recommendation.llm.provider", "search_space.dropout", "target"} <= names
