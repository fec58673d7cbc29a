"""A mistyped name is told with the nearest."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project

from metallmix_kedro.cli.run import run
from metallmix_kedro.cli.selection import check_selection, existing_environment
from metallmix_kedro.support import ParameterError
from tests.workspace import PROJECT

NOTHING = dict.fromkeys(
    [
        "tags",
        "node_names",
        "from_nodes",
        "to_nodes",
        "from_inputs",
        "to_outputs",
        "namespaces",
        "load_versions",
        "runner",
        "runner_params",
    ]
)


@pytest.fixture(autouse=True)
def _project() -> Iterator[None]:
    bootstrap_project(PROJECT)
    yield
    pipelines.set_requested(None)


@pytest.mark.parametrize(
    ("asked", "options", "said"),
    [
        ("experiment_grid", {"tags": ["imprt"]}, "Did you mean import?"),
        ("recommendation", {"tags": ["import"]}, "Did you mean import, of another pipeline"),
        ("recommendation", {"tags": ["nothing like it"]}, "There are none."),
        ("recommendation", {"node_names": ["train_recommended"]}, "training.train_recommended, of"),
        ("evaluation", {"tags": ["judg"]}, "Did you mean judge?"),
        ("recommendation", {"node_names": ["ask_lm"]}, "Did you mean recommendation.ask_llm?"),
        ("recommendation", {"node_names": ["ask_llm"]}, "Did you mean recommendation.ask_llm?"),
        ("recommendation", {"from_nodes": ["gather_evidnce"]}, "recommendation.gather_evidence?"),
        ("recommendation", {"to_nodes": ["zzz"]}, "There are: recommendation.ask_llm,"),
        ("recommendation", {"from_inputs": ["evidnce"]}, "Did you mean evidence?"),
        ("recommendation", {"to_outputs": ["recomendation"]}, "Did you mean recommendation?"),
        ("recommendation", {"namespaces": ["recomend"]}, "Did you mean recommendation?"),
        ("recommendation", {"load_versions": {"histry": "x"}}, "Did you mean history?"),
        ("recommendation", {"runner": "SeqRunner"}, "Did you mean SequentialRunner?"),
        ("recommendation", {"runner": "no.such.Runner"}, "there is no runner"),
        (
            "recommendation",
            {"runner": "ThreadRunner", "runner_params": {"max_worker": 1}},
            "Did you mean max_workers?",
        ),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(asked, options, said):
    with pytest.raises(ParameterError) as caught:
        check_selection([asked], **{**NOTHING, **options})
    assert said in str(caught.value)


def test_what_is_there_passes():
    check_selection(["recommendation"], **NOTHING)
    check_selection(["experiment_grid"], **{**NOTHING, "tags": ["import"]})
    named = {"node_names": ["recommendation.ask_llm"], "load_versions": {"history": "x"}}
    check_selection(["recommendation"], **{**NOTHING, **named})


def test_an_environment_has_a_folder(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("KEDRO_ENV", raising=False)
    (tmp_path / "tabular").mkdir()
    assert existing_environment("tabular", tmp_path) == "tabular"
    assert existing_environment(None, tmp_path) == "base"
    assert existing_environment("any", tmp_path / "conf.tar.gz") == "any"
    with pytest.raises(ParameterError, match=r"Did you mean tabular\?"):
        existing_environment("tabula", tmp_path)
    (tmp_path / "local").mkdir()
    assert existing_environment(None, tmp_path) is None


@pytest.mark.parametrize("arguments", [["--config=/dev/null"], ["--load-versions=history"]])
def test_an_option_that_cannot_be_read_is_no_traceback(arguments):
    with pytest.raises(click.BadParameter, match="cannot be used"):
        run.make_context("run", arguments)
