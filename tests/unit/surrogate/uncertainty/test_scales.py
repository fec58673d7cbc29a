import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.surrogate.uncertainty.scales import DeviceScale, Line, ScoreScale
from tests.unit.surrogate.conftest import published_twin


def flat(level):
    return Line(centre=0.0, level=level, slope=0.0)


def test_the_range_follows_chance_and_its_means_are_those_of_the_datasets(history):
    ranges = history.groupby("dataset")["score"].agg(["min", "max"])
    scale = ScoreScale.fit(history)
    assert scale.lowest.level == pytest.approx(ranges["min"].mean())
    assert scale.highest.level == pytest.approx(ranges["max"].mean())
    assert scale.highest_by_probe is None


def test_a_line_goes_through_what_lies_on_one_and_stays_flat_where_little_is_known():
    x = pd.Series([0.1, 0.2, 0.3, 0.4, 0.5])
    line = Line.fit(x, 0.2 + 2 * x)
    assert line.at(pd.Series([0.0, 0.6, np.nan])) == pytest.approx([0.2, 1.4, 0.8])
    assert Line.fit(x[:4], 0.2 + 2 * x[:4]).slope == 0.0
    assert Line.fit(0 * x, x).slope == 0.0
    assert Line.fit(x * np.nan, x).at(x) == pytest.approx([0.3] * 5)


def test_a_probe_says_how_high_a_dataset_goes(history):
    best = history.groupby("dataset")["score"].transform("max")
    scale = ScoreScale.fit(history.assign(smallest_probe_accuracy=best / 2))
    target = history.head(2).assign(smallest_probe_accuracy=[0.45, np.nan])
    probed, unknown = scale.score(np.ones(2), target)
    assert probed == pytest.approx(0.9)
    assert unknown == pytest.approx(ScoreScale.fit(history).score(np.ones(2), target)[1])


def test_published_outcomes_do_not_set_the_level(history):
    twin = published_twin(history, "fabricated_0").assign(score=1.0)
    assert ScoreScale.fit(pd.concat([history, twin])) == ScoreScale.fit(history)
    assert ScoreScale.fit(twin).lowest.level == 1.0


def test_accuracies_stay_accuracies(history):
    scale = ScoreScale(lowest=flat(0.5), highest=flat(0.9), highest_by_probe=None)
    relative = np.array([-5, 0, 0.5, 1, 9])
    found = scale.score(relative, history.head(5))
    np.testing.assert_allclose(found, [0, 0.5, 0.7, 0.9, 1])
    upside_down = ScoreScale(lowest=flat(0.5), highest=flat(0.2), highest_by_probe=None)
    np.testing.assert_allclose(upside_down.score(relative, history.head(5)), 0.5)


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


@given(st.floats(0.3, 0.9), st.integers(2, 50))
def test_relative_score_undoes_score(score: float, n_classes: int) -> None:
    frame = pd.DataFrame({"n_classes": [n_classes]})
    scale = ScoreScale(
        lowest=Line(centre=0.2, level=0.1, slope=0.5),
        highest=Line(centre=0.2, level=0.9, slope=0.1),
        highest_by_probe=None,
    )
    relative = scale.relative_score(np.array([score]), frame)
    assert scale.score(relative, frame) == pytest.approx([score])


def test_where_no_range_is_expected_every_score_is_in_its_middle() -> None:
    frame = pd.DataFrame({"n_classes": [2, 2]})
    line = Line(centre=0.5, level=0.5, slope=0.0)
    scale = ScoreScale(lowest=line, highest=line, highest_by_probe=None)
    assert scale.relative_score(np.array([0.1, 0.9]), frame).tolist() == [0.5, 0.5]
