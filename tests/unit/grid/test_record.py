import json
import math

import pandas as pd
import pytest

from metallmix_kedro.grid.record import (
    environment,
    failed_record,
    finished_record,
    trial_id,
)
from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.schema import history_schema
from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.outcome import FoldOutcome

CONFIGURATION = Configuration.of("Xception", "full", 512, 0.3, "adam", 1e-3, 16)
FEATURES = compute_meta_features({"a": 10, "b": 20}, 64, 48, "MRI")
PROTOCOL = {"image_size": 96, "seed": 1, "freeze_batch_norm": True, "weights_id": "file:abc"}
IDENTITY = {"trial_id": "x-1", "dataset": "x", "proposer": "random", "data_hash": "ff"}


def fold(test_accuracy: float, seconds: float, rarest: float = 0.5) -> FoldOutcome:
    hits = (5, round(10 * test_accuracy) - 5)
    curve = (0.5, 1 / 3, 0.8)
    scores = (0.9, 0.8, test_accuracy, 0.7, 0.6, 0.65, rarest)
    return FoldOutcome(*scores, 3, seconds, 1.5 * seconds, (5, 5), hits, curve)


def test_scores_are_means_over_folds_with_their_spread() -> None:
    outcomes = [fold(0.6, 2.0), fold(0.8, 4.0)]
    record = finished_record(IDENTITY, FEATURES, CONFIGURATION, PROTOCOL, outcomes, 5.0)
    assert record["test_accuracy"] == pytest.approx(0.7)
    assert record["test_accuracy_std"] == pytest.approx(0.1)
    assert record["fit_time_s"] == pytest.approx(3.0)
    assert record["fit_cpu_s"] == pytest.approx(4.5)
    assert record["feature_time_s"] == 5.0
    assert record["training_time_s"] == pytest.approx(8.0)
    assert record["epochs_run"] == 3.0
    assert (record["source"], record["status"], record["error"]) == ("measured", "finished", None)
    assert json.loads(record["test_images"]) == [5, 5, 5, 5]
    assert json.loads(record["test_hits"]) == [5, 1, 5, 3]
    assert json.loads(record["learning_curves"]) == [[0.5, 0.3333, 0.8]] * 2


@pytest.mark.parametrize(
    ("recalls", "mean", "spread"),
    [
        ((0.2, 0.6), 0.4, 0.2),
        ((math.nan, 0.6), 0.6, 0.0),  # no image of the class is tested on in that fold
        ((math.nan, math.nan), None, None),
    ],
)
def test_folds_without_an_image_of_the_rarest_class_do_not_count(
    recalls: tuple[float, float], mean: float | None, spread: float | None
) -> None:
    outcomes = [fold(0.6, 2.0, recall) for recall in recalls]
    record = finished_record(IDENTITY, FEATURES, CONFIGURATION, PROTOCOL, outcomes, 0.0)
    assert record["test_rarest_recall"] == pytest.approx(mean)
    assert record["test_rarest_recall_std"] == pytest.approx(spread)
    history_schema().validate(pd.DataFrame([record]))


def test_records_are_rows_of_the_history() -> None:
    error = RuntimeError("out of\nmemory")
    records = [
        finished_record(IDENTITY, FEATURES, CONFIGURATION, PROTOCOL, [fold(0.6, 2.0)], 0.0),
        failed_record({**IDENTITY, "trial_id": "x-2"}, FEATURES, CONFIGURATION, PROTOCOL, error),
    ]
    assert all(tuple(record) == history_columns() for record in records)
    # As they are stored: through JSON.
    frame = history_schema().validate(pd.DataFrame(json.loads(json.dumps(records))))
    assert frame["error"].tolist()[1] == "RuntimeError: out of memory"
    assert frame["test_accuracy"].isna().tolist() == [False, True]


def test_a_trial_is_named_by_all_that_it_measures() -> None:
    other = Configuration.of("Xception", "full", 512, 0.3, "adam", 1e-4, 16)
    names = {
        trial_id("x", "hash", CONFIGURATION, PROTOCOL),
        trial_id("x", "changed", CONFIGURATION, PROTOCOL),
        trial_id("x", "hash", other, PROTOCOL),
        trial_id("x", "hash", CONFIGURATION, {**PROTOCOL, "image_size": 128}),
    }
    assert len(names) == 4
    levels = [{**PROTOCOL, "level": level} for level in ("all", "400", "100")]
    assert len({trial_id("x", "hash", CONFIGURATION, level) for level in levels} - names) == 3
    assert trial_id("x", "hash", CONFIGURATION, dict(reversed(PROTOCOL.items()))) in names


def test_the_environment_names_backend_device_and_versions() -> None:
    keras = pytest.importorskip("keras")
    found = environment()
    assert found["backend"] == keras.backend.backend()
    assert f"keras {keras.__version__}" in found["versions"]
    assert "cores)" in found["device"]


def test_an_error_without_end_is_cut() -> None:
    error = ValueError("tensor " * 1000)
    record = failed_record(IDENTITY, FEATURES, CONFIGURATION, PROTOCOL, error)
    assert record["error"].startswith("ValueError: tensor tensor")
    assert len(record["error"]) <= 520
