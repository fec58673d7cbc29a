import hashlib
import json

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from metallmix_kedro.audit import versions


def _store(folder, name, version, value):
    path = folder / f"{name}.json" / version / f"{name}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(value))


@pytest.fixture
def catalog(tmp_path):
    for version in ("2026-01-01", "2026-01-02"):
        _store(tmp_path, "history", version, version)
    _store(tmp_path, "unused", "2026-01-01", 0)
    config = {
        name: {
            "type": "json.JSONDataset",
            "filepath": str(tmp_path / f"{name}.json"),
            "versioned": name != "plain",
        }
        for name in ("history", "model", "reply", "result", "unused", "plain")
    }
    config["input_versions"] = {"type": "MemoryDataset"}
    return DataCatalog.from_config(config, save_version="2026-02-01")


def _first(*inputs):
    return inputs[0]


LEARN = Pipeline(
    [Node(_first, ["history", "plain"], "model", name="fit")],
    namespace="learn",
    prefix_datasets_with_namespace=False,
)
DECIDE = Pipeline(
    [
        Node(_first, ["history", "model"], "reply", name="ask"),
        Node(_first, ["reply", "input_versions"], "result", name="decide"),
    ],
    namespace="decide",
    prefix_datasets_with_namespace=False,
)
REGISTERED = {"learn": LEARN, "decide": DECIDE}


def _names(described):
    return {name: one.version for name, one in described.items()}


def test_only_versioned_inputs_from_outside_count_as_loaded(catalog):
    assert _names(versions.loaded_versions(LEARN, catalog)) == {"history": "2026-01-02"}


def test_an_input_that_is_not_there_has_no_version(catalog):
    assert _names(versions.loaded_versions(DECIDE, catalog)) == {"history": "2026-01-02"}


def test_every_versioned_output_that_is_stored_counts_as_saved(catalog, tmp_path):
    _store(tmp_path, "model", "2026-02-01", 1)
    _store(tmp_path, "reply", "2026-02-01", 2)
    _store(tmp_path, "result", "2026-01-31", 3)  # by an earlier run
    assert _names(versions.saved_versions(LEARN + DECIDE, catalog)) == {
        "model": "2026-02-01",
        "reply": "2026-02-01",
    }


def test_incoming_versions_are_the_same_for_the_whole_and_a_part(catalog, tmp_path):
    _store(tmp_path, "model", "2026-01-05", 1)
    _store(tmp_path, "reply", "2026-01-06", 1)
    expected = {"history": "2026-01-02", "model": "2026-01-05"}
    only_decide = Pipeline([node for node in DECIDE.nodes if node.name.endswith("decide.decide")])
    assert versions.incoming_versions(DECIDE, catalog, REGISTERED) == expected
    assert versions.incoming_versions(only_decide, catalog, REGISTERED) == expected


def test_what_the_same_run_makes_comes_in_under_its_own_version(catalog):
    assert versions.incoming_versions(LEARN + DECIDE, catalog, REGISTERED) == {
        "history": "2026-01-02",
        "model": "2026-02-01",
    }


def test_a_pipeline_that_does_not_ask_gets_nothing(catalog):
    assert versions.incoming_versions(LEARN, catalog, REGISTERED) == {}


def test_described_versions_carry_the_hash_of_their_bytes(catalog, tmp_path):
    _store(tmp_path, "model", "2026-02-01", 1)
    _store(tmp_path, "reply", "2026-02-01", 2)
    saved = versions.saved_versions(LEARN + DECIDE, catalog)
    assert saved["model"].sha256 == hashlib.sha256(b"1").hexdigest() != saved["reply"].sha256


def test_a_deleted_version_has_no_path(catalog):
    assert versions.version_path(catalog["history"], "2026-01-03") is None
    assert versions.version_path(catalog["model"], "2026-01-03") is None
