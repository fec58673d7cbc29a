"""Properties of whatever is declared, and that nothing else knows the names of one domain."""

import json
import re
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.declared import (
    Declaration,
    Hyperparameter,
    MetaFeature,
    configuration_columns,
    derived,
    features,
    meta_feature_columns,
    network,
    numeric_meta_features,
    use,
    used,
)
from metallmix_kedro.declared.feature import Feature
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import Configuration, SearchSpace, phrase
from metallmix_kedro.support.errors import ParameterError
from tests.declared_space import base_parameters
from tests.workspace import PROJECT

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "category": st.text("abcxyz_", min_size=1, max_size=4),
    "ordered": st.text("abcxyz_", min_size=1, max_size=4),
    "number": st.floats(-1e6, 1e6),
    "log_number": st.floats(1e-9, 1e9),
    "whole_number": st.integers(-(10**6), 10**6),
}


@st.composite
def spaces(draw: st.DrawFn) -> Declaration:
    """Draw one to four hyperparameters, some of which depend on the one before."""
    space: dict[str, Hyperparameter] = {}
    for name in draw(st.lists(st.sampled_from("pqrs"), min_size=1, max_size=4, unique=True)):
        kind = draw(st.sampled_from(sorted(VALUES)))
        values = draw(st.lists(VALUES[kind], min_size=1, max_size=3, unique=True))
        entry: dict[str, Any] = {"kind": kind, "values": values, "abbreviation": name}
        if space and draw(st.booleans()):
            before, one = next(reversed(space.items()))
            entry["when"] = {before: [draw(st.sampled_from(one.values))]}
            entry["default"] = draw(st.sampled_from(values))
        space[name] = Hyperparameter.model_validate(entry)
    known = {"size": MetaFeature(kind="number")}
    return Declaration(hyperparameters=space, meta_features=known)


def space_of(declaration: Declaration) -> SearchSpace:
    return SearchSpace.model_validate(
        {name: one.values for name, one in declaration.hyperparameters.items()}
    )


@given(spaces())
def test_configurations_survive_every_way_there_and_back(declaration: Declaration) -> None:
    with used(declaration):
        frame = space_of(declaration).frame()
        for row in frame.to_dict("records"):
            one = Configuration.from_mapping({**row, "score": 0.5})
            assert one.as_dict() == row
            assert tuple(one.as_dict()) == configuration_columns()
            ways = (
                Configuration.model_validate(one.as_dict()),
                Configuration.model_validate_json(one.model_dump_json()),
                Configuration.of(*one.as_dict().values()),
                Configuration.from_mapping({k: np.asarray(v)[()] for k, v in row.items()}),
            )
            assert all(way == one and hash(way) == hash(one) for way in ways)
            json.dumps(one.as_dict())
            assert phrase(one)


@given(spaces())
def test_a_space_has_no_twins_and_every_row_is_in_it(declaration: Declaration) -> None:
    with used(declaration):
        space = space_of(declaration)
        frame = space.frame()
        assert space.size == len(frame) == len(frame.drop_duplicates())
        every = [Configuration.from_mapping(row) for row in frame.to_dict("records")]
        assert all(one in space for one in every)
        assert len({one.id for one in every}) == len(every)


@given(spaces())
def test_where_a_condition_is_not_met_the_default_holds(declaration: Declaration) -> None:
    with used(declaration):
        for row in space_of(declaration).frame().to_dict("records"):
            for name, one in declaration.hyperparameters.items():
                if not one.applies(row):
                    assert row[name] == one.default
                    # What has no effect makes no other configuration.
                    for value in one.values:
                        same = Configuration.from_mapping({**row, name: value})
                        assert same == Configuration.from_mapping(row)


@given(spaces(), st.data())
def test_part_of_a_space_is_what_it_is_restricted_to(
    declaration: Declaration, data: st.DataObject
) -> None:
    with used(declaration):
        space = space_of(declaration)
        name = data.draw(st.sampled_from(configuration_columns()))
        kept = data.draw(st.lists(st.sampled_from(space.values(name)), min_size=1, unique=True))
        part = space.restricted(**{name: kept})
        assert part.values(name) == tuple(kept)
        assert all(
            Configuration.from_mapping(row) in space for row in part.frame().to_dict("records")
        )
        assert space.restricted(**{name: None}) == space
        with pytest.raises(ParameterError, match=rf"search_space\.{name}\.values"):
            space.restricted(**{name: []})


@given(spaces())
def test_a_space_is_made_of_its_declaration_too(declaration: Declaration) -> None:
    with used(declaration):
        written = {n: one.model_dump() for n, one in declaration.hyperparameters.items()}
        assert SearchSpace.model_validate(written) == space_of(declaration)


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_a_value_without_a_problem_keeps_its_worth(kind: str, data: st.DataObject) -> None:
    feature = Feature(kind=kind)
    value = data.draw(VALUES[kind])
    assert feature.problem_with(value) is None
    assert feature.typed(value) == value
    if feature.is_number:
        assert float(feature.readable(value)) == value


@given(
    st.sampled_from(sorted(VALUES)),
    st.one_of(st.none(), st.booleans(), st.text(), st.integers(), st.floats(), st.lists(st.text())),
)
def test_anything_is_either_a_value_or_has_a_problem(kind: str, value: Any) -> None:
    feature = Feature(kind=kind, minimum=2, below=5)
    problem = feature.problem_with(value)
    if problem is None:
        assert not feature.is_number or 2 <= value < 5
        assert feature.problem_with(feature.typed(value)) is None
    else:
        assert problem.startswith("is ")


BOUNDS = "is not a number, at least 2, less than 5"


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("number", True, BOUNDS),
        ("number", "3", BOUNDS),
        ("number", float("nan"), BOUNDS),
        ("number", 10**400, BOUNDS),
        ("number", 1, BOUNDS),
        ("number", 5, BOUNDS),
        ("whole_number", 2.5, BOUNDS.replace("number", "whole number")),
        ("log_number", 0, BOUNDS),
        ("category", "", "is no word"),
        ("category", 3, "is no word"),
    ],
)
def test_a_problem_is_said(kind: str, value: Any, problem: str) -> None:
    assert Feature(kind=kind, minimum=2, below=5).problem_with(value) == problem


@pytest.mark.parametrize(
    ("declared", "value", "allowed"),
    [
        ({"kind": "number"}, "x", "a number"),
        ({"kind": "whole_number", "minimum": 1}, 0, "a whole number, at least 1"),
        ({"kind": "number", "minimum": 0, "below": 1}, 1, "a number, at least 0, less than 1"),
        ({"kind": "log_number"}, 0, "a number, more than 0"),
        ({"kind": "log_number", "minimum": 0}, 0, "a number, more than 0"),
        ({"kind": "log_number", "minimum": 1}, 0.5, "a number, at least 1"),
    ],
)
def test_a_problem_says_what_is_allowed(declared: Any, value: Any, allowed: str) -> None:
    problem = Feature.model_validate(declared).problem_with(value)
    assert problem == f"is not {allowed}"


def test_what_has_no_rank_is_refused() -> None:
    ordered = Hyperparameter(kind="ordered", order=("less", "more"), values=("less",))
    assert ordered.ranks == ("less", "more")
    assert ordered.problem_with("more") is None
    assert ordered.problem_with("most") == "is none of less, more"


@given(st.sampled_from(["linear", "log", "log_1p"]), st.lists(st.floats(0, 1e6), min_size=2))
def test_scales_keep_the_order(scale: Any, values: list[float]) -> None:
    seen = Feature(kind="number", scale=scale).on_scale(np.sort(values))
    known = seen[~np.isnan(seen)]
    assert (np.diff(known) >= 0).all()
    assert len(known) == len(values) - (scale == "log") * values.count(0)


@given(st.sets(st.sampled_from(sorted(base_parameters()["search_space"])), max_size=6))
def test_null_takes_out_what_another_environment_declares(gone: set[str]) -> None:
    base = base_parameters()
    space = {name: None if name in gone else one for name, one in base["search_space"].items()}
    declaration = Declaration.from_parameters({**base, "search_space": space})
    with used(declaration):
        assert set(configuration_columns()) == set(space) - gone
        assert set(dict(SearchSpace.model_validate(space))) == set(space) - gone
        assert (network() is None) == ("backbone" in gone)


@given(st.floats(0, 1e9), st.text("abc", min_size=1))
def test_meta_features_survive_json(size: float, origin: str) -> None:
    known = {"size": MetaFeature(kind="number"), "origin": MetaFeature(kind="category")}
    space = {"p": Hyperparameter(kind="number", values=(1.0,))}
    with used(Declaration(hyperparameters=space, meta_features=known)):
        one = MetaFeatures(size=size, origin=origin)
        assert MetaFeatures.model_validate_json(one.model_dump_json()) == one
        assert meta_feature_columns() == ("size", "origin") == tuple(one.as_dict())
        assert numeric_meta_features() == ("size",)
        assert list(features()) == ["size", "origin", "p"]


def test_what_is_derived_follows_the_declaration() -> None:
    made = []

    @derived
    def columns() -> tuple[str, ...]:
        made.append(1)
        return configuration_columns()

    assert columns() == columns() == configuration_columns()
    assert len(made) == 1
    other = Declaration(
        hyperparameters={"p": Hyperparameter(kind="number", values=(1.0,))}, meta_features={}
    )
    with used(other):
        assert columns() == ("p",)
    assert columns() == configuration_columns()


def test_nothing_is_assumed_where_nothing_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["metallmix_kedro.declared.declaration"], "_IN_FORCE", [])
    with pytest.raises(ParameterError, match="No hyperparameters are declared"):
        configuration_columns()
    with pytest.raises(KeyError), used(Declaration.from_parameters(base_parameters())):
        raise KeyError
    with pytest.raises(ParameterError, match="No hyperparameters are declared"):
        configuration_columns()
    use(Declaration.from_parameters(base_parameters()))
    assert configuration_columns()


KNOWS_IMAGE_HYPERPARAMETERS = {
    "grid/measuring.py": "trains the head and the layers that a trial names",
}
"""Modules outside search_space, training and backbones that name hyperparameters, and why."""


def test_hyperparameters_of_images_are_known_where_images_are_trained_on() -> None:
    source = PROJECT / "src/metallmix_kedro"
    words = re.compile("dense_units|dropout|learning_rate|batch_size")
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if words.search(path.read_text(encoding="utf-8"))
    }
    elsewhere = {
        name for name in found if not name.startswith(("search_space/", "training/", "backbones/"))
    }
    assert elsewhere == set(KNOWS_IMAGE_HYPERPARAMETERS)
    assert len(elsewhere) <= 5
