import json

import numpy as np
import pytest
import xgboost
from kedro.io.core import DatasetError, Version

from metallmix_kedro.datasets.xgboost_json import XGBoostJSONDataset


@pytest.fixture
def model() -> xgboost.Booster:
    rng = np.random.default_rng(0)
    matrix = xgboost.DMatrix(rng.normal(size=(50, 3)), label=rng.normal(size=50))
    booster = xgboost.train({"max_depth": 2, "nthread": 1}, matrix, num_boost_round=3)
    booster.set_attr(role="score_model")
    return booster


@pytest.fixture
def path(tmp_path):
    return tmp_path / "models" / "model.json"


def dataset(path, **options):
    return XGBoostJSONDataset(filepath=str(path), **options)


def test_a_model_comes_back_with_its_attributes(model, path):
    dataset(path).save(model)
    again = dataset(path).load()
    assert again.save_raw("json") == model.save_raw("json")
    assert again.attributes() == {"role": "score_model"}


def test_the_file_is_json_that_xgboost_itself_reads(model, path):
    dataset(path).save(model)
    assert "learner" in json.loads(path.read_text())
    assert xgboost.Booster(model_file=str(path)).num_features() == 3


def test_the_same_model_gives_the_same_bytes_and_leaves_nothing_beside(model, path):
    dataset(path).save(model)
    first = path.read_bytes()
    dataset(path).save(model)
    assert path.read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir()] == ["model.json"]


def test_versions_are_kept_and_loaded_by_name(model, path):
    for version in ("2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z"):
        model.set_attr(saved=version)
        dataset(path, version=Version(None, version)).save(model)
    assert dataset(path, version=Version(None, None)).load().attr("saved").startswith("2026-01-02")
    first = dataset(path, version=Version("2026-01-01T00.00.00.000Z", None))
    assert first.exists()
    assert first.load().attr("saved").startswith("2026-01-01")


OTHER_FILES = (b"", b"not json at all", b'{"learner": {}}', b"[]", b"\x00" * 100)


@pytest.mark.parametrize("content", OTHER_FILES)
def test_what_is_no_model_is_refused_with_its_name_and_the_mend(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"model\.json.*--pipelines=meta_learning"):
        dataset(path).load()


def test_a_damaged_model_never_reaches_xgboost(model, path):
    dataset(path).save(model)
    content = path.read_bytes()
    halves = content[: len(content) // 2]
    wrong_number = content.replace(b'"num_feature":"3"', b'"num_feature":"9"')
    for damaged in (halves, wrong_number):
        assert damaged != content
        path.write_bytes(damaged)
        with pytest.raises(DatasetError, match="checksum does not agree"):
            dataset(path).load()


def test_a_model_stored_by_xgboost_alone_is_refused(model, path):
    path.parent.mkdir()
    model.save_model(path)
    with pytest.raises(DatasetError, match="not an XGBoost model of this project"):
        dataset(path).load()


def test_a_missing_file_is_named(path):
    with pytest.raises(DatasetError, match=r"Cannot read .*model\.json, an XGBoost model"):
        dataset(path).load()
    assert not dataset(path).exists()


def test_a_save_that_fails_leaves_the_file_as_it_was(model, path, monkeypatch):
    dataset(path).save(model)
    first = path.read_bytes()

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(DatasetError, match="disk full"):
        dataset(path).save(model)
    assert path.read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir()] == ["model.json"]
