"""What every entry of the catalog keeps to, whoever adds it."""

import re
from functools import cache
from typing import Any

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project

from metallmix_kedro.pipeline_registry import BESIDE, CHEAP, KNOWN, NAMES
from metallmix_kedro.settings import CONFIG_LOADER_ARGS
from tests.workspace import PROJECT

LAYERS = ("raw", "intermediate", "feature", "model_input", "models", "reporting", "model_output")
"""In the order in which they may feed each other."""


@cache
def catalog() -> dict[str, dict[str, Any]]:
    loader = OmegaConfigLoader(conf_source=str(PROJECT / "conf"), **CONFIG_LOADER_ARGS)
    return {name: entry for name, entry in loader["catalog"].items() if not name.startswith("_")}


@cache
def registered() -> dict[str, Any]:
    bootstrap_project(PROJECT)
    return dict(pipelines)


def layer(name: str) -> str | None:
    return catalog()[name].get("metadata", {}).get("kedro-viz", {}).get("layer")


def path(name: str) -> str:
    entry = catalog()[name]
    return str(entry.get("filepath") or entry.get("path") or "")


ENTRIES = sorted(catalog())


@pytest.mark.parametrize("name", ENTRIES)
def test_names_are_snake_case_words(name):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_dataset_has_a_known_layer(name):
    assert layer(name) in LAYERS


@pytest.mark.parametrize("name", ENTRIES)
def test_every_file_lies_in_a_numbered_folder_of_the_data_root(name):
    if not path(name):
        assert catalog()[name]["type"] == "MemoryDataset"
    elif not path(name).startswith("conf/prompts"):
        assert re.match(r"data/0[1-8]_[a-z_]+/", path(name))


def test_the_atlas_differs_in_where_its_data_lie_and_reads_what_the_paper_published():
    loader = OmegaConfigLoader(conf_source=str(PROJECT / "conf"), env="atlas", **CONFIG_LOADER_ARGS)
    read_where_it_ships = {"published_outcomes", "published_methods"}
    for name, entry in catalog().items():
        moved = str(entry).replace("'data/0", "'data/atlas/0")
        assert str(loader["catalog"][name]) == (
            str(entry) if name in read_where_it_ships else moved
        )


@pytest.mark.parametrize("name", ENTRIES)
def test_nothing_is_pickled(name):
    assert "pickle" not in str(catalog()[name]).lower()
    assert "joblib" not in str(catalog()[name]).lower()


@pytest.mark.parametrize("name", ENTRIES)
def test_no_partitions_are_versioned(name):
    """``--load-versions`` would be ignored silently there."""
    if "artition" in catalog()[name]["type"]:
        assert not catalog()[name].get("versioned")


def test_every_dataset_is_told_in_the_docs():
    told = (PROJECT / "docs/catalog.md").read_text()
    inputs_and_pictures = {name for name in ENTRIES if name.endswith(("_plot", "_prompt"))}
    unknown = [name for name in set(ENTRIES) - inputs_and_pictures if f"`{name}`" not in told]
    assert unknown == []


def test_a_catalog_file_belongs_to_each_pipeline_that_saves_something():
    files = {file.stem for file in (PROJECT / "conf/base/catalog").glob("*.yml")}
    assert {*NAMES, *BESIDE} <= files


@pytest.mark.parametrize("file", sorted((PROJECT / "conf/base/catalog").glob("*.yml")), ids=str)
def test_every_entry_is_introduced_by_a_comment(file):
    assert file.read_text().lstrip().startswith("#")
    assert yaml.safe_load(file.read_text().replace("${globals:data_root}", "data"))


def test_the_eight_pipelines_and_all_of_them_are_registered():
    assert set(registered()) == {*KNOWN, "__default__"}
    assert len(NAMES) == 8
    assert {node.namespace for node in registered()["everything"].nodes} == set(NAMES)


def test_the_default_is_everything_cheap():
    boxes = {node.namespace for node in registered()["__default__"].nodes}
    assert boxes == set(CHEAP)
    assert not boxes & {"experiment_grid", *BESIDE}


def test_the_default_makes_what_a_recommendation_needs_and_nothing_else():
    plain, recommending = registered()["__default__"], registered()["recommendation"]
    assert recommending.all_outputs() <= plain.all_outputs()
    assert plain.outputs() <= recommending.all_outputs()
    assert {"score_model", "retrieval_index", "trial_top_features"} <= plain.all_outputs()
    assert not {"lodo_predictions", "attribution_summary_plot"} & plain.all_outputs()


@pytest.mark.parametrize("name", [*NAMES, *BESIDE])
def test_a_pipeline_is_one_collapsible_box(name):
    assert {node.namespace for node in registered()[name].nodes} == {name}


@pytest.mark.parametrize("name", [*NAMES, *BESIDE])
def test_everything_a_pipeline_reads_and_saves_is_in_the_catalog(name):
    pipeline = registered()[name]
    needed = pipeline.inputs() | pipeline.outputs()
    missing = {item for item in needed if not item.startswith("param") and item not in catalog()}
    assert missing == set()


@pytest.mark.parametrize("name", KNOWN)
def test_a_pipeline_explains_itself(name):
    readme = (PROJECT / f"src/metallmix_kedro/pipelines/{name}/README.md").read_text()
    assert "paper" in readme.lower()


@pytest.mark.parametrize("name", [*NAMES, *BESIDE])
def test_no_pipeline_feeds_an_earlier_layer(name):
    """kedro-viz draws no layer at all where they have a cycle, and says nothing.

    To it a box is a node: whatever goes in comes before whatever comes out.
    """
    pipeline = registered()[name]
    read = {layer(item) for item in pipeline.inputs() if item in catalog()}
    made = {layer(item) for item in pipeline.all_outputs() if item in catalog()}
    latest_read = max(map(LAYERS.index, read), default=0)
    assert {item for item in made if LAYERS.index(item) < latest_read} == set()
