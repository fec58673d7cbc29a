"""The retrieval pipeline, from a stored history to stored files."""

import json

import faiss
import pandas as pd
import pytest
from kedro.io import DatasetError
from kedro.io.core import Version

from metallmix_kedro.datasets.faiss_index import FaissIndexDataset
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.search import retrieve
from tests.conftest import save_history
from tests.workspace import Workspace

INDEX = "06_models/accuracy/retrieval_index.faiss"
CARD = "06_models/accuracy/retrieval_card.json"
HISTORY = "05_model_input/history.parquet"


def load_index(workspace: Workspace) -> faiss.Index:
    path = str(workspace.data / INDEX)
    return FaissIndexDataset(filepath=path, version=Version(None, None)).load()


@pytest.fixture
def indexed(workspace: Workspace) -> Workspace:
    save_history(workspace, seed=0)
    workspace.run("retrieval")
    return workspace


def test_what_is_stored_answers(indexed: Workspace) -> None:
    card = json.loads(indexed.latest(CARD).read_text())
    history = pd.read_parquet(indexed.latest(HISTORY))
    entry = card["entries"][0]
    target = MetaFeatures.model_validate(entry["meta_features"])
    found = retrieve(load_index(indexed), card, history, target, exclude_dataset=entry["dataset"])
    assert len(found) == 8
    assert entry["dataset"] not in {trial.dataset for trial in found}
    assert {trial.trial_id for trial in found} <= set(history["trial_id"])


def test_neighbours_and_their_picture_are_stored(indexed: Workspace) -> None:
    table = pd.read_parquet(indexed.data / "08_reporting/accuracy/neighbours.parquet")
    assert list(table.columns) == ["dataset", "rank", "neighbour", "distance"]
    assert len(table) == 5 * 4
    picture = (indexed.data / "08_reporting/accuracy/neighbours_plot.png").read_bytes()
    assert picture.startswith(b"\x89PNG")


def test_a_second_run_gives_the_same_bytes(indexed: Workspace) -> None:
    names = (
        "08_reporting/accuracy/neighbours.parquet",
        "08_reporting/accuracy/neighbours_plot.png",
    )
    before = [(indexed.data / name).read_bytes() for name in names]
    before += [indexed.latest(name).read_bytes() for name in (INDEX, CARD)]
    indexed.run("retrieval")
    after = [(indexed.data / name).read_bytes() for name in names]
    after += [indexed.latest(name).read_bytes() for name in (INDEX, CARD)]
    assert before == after
    assert len(indexed.versions(INDEX)) == len(indexed.versions(CARD)) == 2


def test_a_damaged_index_is_named(indexed: Workspace) -> None:
    path = indexed.latest(INDEX)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DatasetError, match="damaged"):
        load_index(indexed)
