"""Frozen backbones look at real images: of registered datasets, and of a target."""

import json

import pandas as pd
import pytest

from metallmix_kedro.meta_features.probes.columns import (
    IMAGE_TRAITS,
    PROBE_COLUMNS,
    PROBE_STATISTICS,
)
from metallmix_kedro.support.errors import ParameterError
from tests.workspace import Workspace

SMALLEST = "MobileNetV2_0.35"
# Weights need not be good to be measured with, and random ones need no download.
PARAMS = {
    "probes": {"image_size": 32, "n_images": 40},
    "experiment_grid": {"backbones": [SMALLEST], "weights": {SMALLEST: "random:0"}},
    "recommendation": {"llm": {"provider": "none"}},
}


def with_params(**others: object) -> dict:
    return {**PARAMS, **others}


def test_registered_datasets_are_probed_on_demand_and_join_what_was_probed(
    ingested: Workspace,
) -> None:
    before = pd.read_parquet(ingested.latest("04_feature/probes.parquet"))
    assert "example_shapes" not in set(before["dataset"])
    params = with_params(probes={**PARAMS["probes"], "backbones": "smallest"})
    ingested.run("meta_features", params=params)
    after = pd.read_parquet(ingested.latest("04_feature/probes.parquet"))
    assert tuple(after.columns) == PROBE_COLUMNS
    assert len(after) == len(before) + 1
    row = after[after["dataset"] == "example_shapes"].iloc[0]
    assert row["backbone"] == SMALLEST
    assert row["weights_id"] == "random:0"
    assert row[[*PROBE_STATISTICS, *IMAGE_TRAITS]].notna().all()
    assert 0 < row["linear_probe_accuracy"] <= 1
    assert row["seconds"] > 0


def test_a_target_that_is_probed_gets_a_prediction_of_its_own(fabricated: Workspace) -> None:
    target = {"path": "data/01_raw/example_shapes", "probes": "smallest"}
    found = []
    for probes in ("smallest", "auto", "none"):
        fabricated.run("recommendation", params=with_params(target={**target, "probes": probes}))
        table = pd.read_parquet(fabricated.latest("04_feature/target_probes.parquet"))
        evidence = json.loads(fabricated.latest("07_model_output/evidence.json").read_text())
        found.append((table, evidence))
        made = json.loads(fabricated.latest("07_model_output/recommendation.json").read_text())
        assert set(made["image_traits"]) == (set() if probes == "none" else set(IMAGE_TRAITS))
    probed, again, bare = found
    assert probed[0]["backbone"].tolist() == [SMALLEST]
    # The same images give the same, but for the time. What is possible is done unasked.
    assert (probed[0].pop("seconds") > 0).all()
    again[0].pop("seconds")
    assert probed[0].equals(again[0])
    assert probed[1] == again[1]
    assert bare[0].empty


def test_a_card_cannot_be_probed(fabricated: Workspace) -> None:
    with pytest.raises(ParameterError, match="no images to probe"):
        fabricated.run("recommendation", params=with_params(target={"probes": "all"}))
