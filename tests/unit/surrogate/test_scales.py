import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.surrogate.scales import DeviceScale, ScoreScale
from tests.unit.surrogate.conftest import published_twin


def test_level_and_spread_are_means_over_datasets(history):
    ranges = history.groupby("dataset")["test_accuracy"].agg(["min", "max"])
    scale = ScoreScale.fit(history)
    assert scale.lowest == pytest.approx(ranges["min"].mean())
    assert scale.lowest + scale.spread == pytest.approx(ranges["max"].mean())


def test_published_outcomes_do_not_set_the_level(history):
    twin = published_twin(history, "fabricated_0").assign(test_accuracy=1.0)
    assert ScoreScale.fit(pd.concat([history, twin])) == ScoreScale.fit(history)
    assert ScoreScale.fit(twin).lowest == 1.0


def test_accuracies_stay_accuracies():
    scale = ScoreScale(lowest=0.5, spread=0.4)
    np.testing.assert_allclose(scale.accuracy(np.array([-5, 0, 0.5, 1, 9])), [0, 0.5, 0.7, 0.9, 1])


def test_a_device_given_the_costly_strategies_does_not_seem_slow(history):
    costly = history["strategy"].isin(["last_30", "full"])
    # Both devices ran both kinds, the fast one mostly the costly kind.
    number = np.arange(len(history))
    fast = np.where(costly, number % 4 != 0, number % 4 == 0)
    time = history["training_time_s"] / np.where(fast, 3.0, 1.0)
    table = history.assign(device=np.where(fast, "gpu", "cpu"), training_time_s=time)
    scale = DeviceScale.fit(table)
    counts = table["device"].value_counts()
    assert scale.reference == counts.idxmax()
    difference = scale.log_effects["cpu"] - scale.log_effects["gpu"]
    assert difference == pytest.approx(np.log(3), abs=0.1)


def test_trials_without_a_device_belong_to_their_source(history):
    twin = published_twin(history, "fabricated_0")
    table = pd.concat([history.assign(device="cpu"), twin], ignore_index=True)
    table["training_time_s"] = table["training_time_s"].where(table["device"] == "cpu", 1e4)
    scale = DeviceScale.fit(table)
    assert scale.reference == "cpu"
    assert scale.log_effects["unknown (published)"] > 5
    assert scale.log_effect(table).tolist()[0] == 0.0


def test_an_unknown_device_counts_as_the_reference(history):
    scale = DeviceScale.fit(history.assign(device="cpu"))
    assert not scale.log_effect(history.assign(device="abacus")).any()


def test_without_times_there_is_no_scale(history):
    assert DeviceScale.fit(history.assign(training_time_s=np.nan)) is None
