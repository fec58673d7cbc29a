"""The tuning set as the command makes it, of real recorded trials."""

import json

import pandas as pd

from tests.integration.test_evaluation import FAST
from tests.workspace import PROJECT, Workspace

DATASETS = ("ants_bees", "ham10000", "skin_isic", "solar_cells", "textures")
"""Small ones of the shipped history; two of them share images."""


def test_it_is_json_lines_that_a_trainer_of_chat_models_takes(tmp_path):
    made = Workspace(tmp_path / "workspace")
    versions = sorted((PROJECT / "data/05_model_input/history.parquet").iterdir())
    shipped = pd.read_parquet(versions[-1] / "history.parquet")
    version = "2026-01-01T00.00.00.000Z"
    path = made.data / "05_model_input/history.parquet" / version / "history.parquet"
    path.parent.mkdir(parents=True)
    shipped[shipped["dataset"].isin(DATASETS)].to_parquet(path, index=False)
    made.run("evaluation", params=FAST, tags=["tuning_set"])

    folder = made.data / "08_reporting/evaluation/accuracy/tuning_set"
    card = json.loads((folder / "card.json").read_text())
    assert card["history"] == version
    splits = {name: set(one["datasets"]) for name, one in card["splits"].items()}
    assert splits["train"] | splits["test"] == set(DATASETS)
    assert not splits["train"] & splits["test"]
    assert len({"ham10000", "skin_isic"} & splits["test"]) in (0, 2)
    for split, datasets in splits.items():
        listed = pd.read_json(folder / f"{split}.jsonl", lines=True)
        assert set(listed["dataset"]) == datasets
        assert set(listed["task"]) == {"choice", "explanation"}
        for messages in listed["messages"]:
            assert [one["role"] for one in messages] == ["system", "user", "assistant"]
            assert isinstance(json.loads(messages[-1]["content"]), dict)
