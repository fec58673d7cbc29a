import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.surrogate.uncertainty.scales import PROBED, DeviceScale, Line, ScoreScale
from tests.unit.surrogate.conftest import published_twin


def log_odds(score):
    return np.log(score / (1 - score))


def flat(score):
    return Line(level=log_odds(score), centres={}, slopes={})


def by_classes(score, slope):
    return Line(
        level=log_odds(score), centres={"log_n_classes": 2.0}, slopes={"log_n_classes": slope}
    )


def fit_line(x, score, datasets=None):
    """Fit a line through a value of x a row; each row is a dataset of its own unless said."""
    owners = range(len(x)) if datasets is None else datasets
    return Line.fit(pd.DataFrame({"x": x}), pd.Series(score), pd.Series(owners))


def test_the_range_is_expected_about_the_middle_of_the_datasets(history):
    ranges = history.groupby("dataset")["score"].agg(["min", "max"]).clip(0.01, 0.995)
    scale = ScoreScale.fit(history)
    assert scale.lowest.level == pytest.approx(log_odds(ranges["min"]).mean())
    assert scale.highest.level == pytest.approx(log_odds(ranges["max"]).mean())
    assert set(scale.highest.slopes) == {"log_n_classes"}
    assert scale.highest_by_probe is None


def test_a_line_goes_through_what_lies_on_one_and_stays_flat_where_little_is_known():
    x = np.linspace(-2, 2, 100)
    score = 1 / (1 + np.exp(-(0.3 + 0.8 * x)))
    line = fit_line(x, score)
    found = line.at(pd.DataFrame({"x": [-1.0, 2.0, np.nan]}))
    assert found == pytest.approx(1 / (1 + np.exp([0.5, -1.9, -0.3])), abs=0.01)
    middle = pytest.approx(np.full(3, 1 / (1 + np.exp(-log_odds(score[:4]).mean()))))
    few = fit_line(x[:4], score[:4])
    assert few.at(pd.DataFrame({"x": [-9.0, 9.0, np.nan]})) == middle
    assert fit_line(0 * x, score).slopes == {}
    assert fit_line(np.nan * x, score).slopes == {}


@given(st.floats(-20, 20), st.integers(5, 60))
def test_datasets_that_do_not_differ_make_no_slope(x, count):
    score = np.linspace(0.2, 0.8, count)
    line = fit_line(np.full(count, x), score)
    expected = fit_line(np.full(count, np.nan), score).at(pd.DataFrame({"x": [0.0]}))
    assert line.at(pd.DataFrame({"x": [x + 3]})) == pytest.approx(expected)


def test_of_few_datasets_a_slope_is_shrunk():
    x = np.arange(5.0)
    (slope,) = fit_line(x, 1 / (1 + np.exp(-x))).slopes.values()
    # Five datasets against a penalty of 0.3 datasets.
    assert slope == pytest.approx(5 / 5.3)


def test_many_rows_of_a_dataset_count_as_one():
    score = np.array([0.2, 0.4, 0.6, 0.8])
    once = fit_line(np.arange(4.0), score)
    often = np.repeat(np.arange(4), [1, 1, 1, 30])
    assert fit_line(often * 1.0, score[often], often).level == pytest.approx(once.level)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(2, 10**6) | st.none(), st.floats(0, 1) | st.none()),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_the_scores_are_the_expected_range_lies_inside_0_and_1(rows):
    score, n_train, probe = (list(part) for part in zip(*rows, strict=True))
    names = [f"d{number}" for number in range(len(rows))]
    table = pd.DataFrame({"dataset": names, "source": "measured", "proposer": "random"})
    table = table.assign(status="finished", score=score, n_classes=2.0)
    table["n_train"] = pd.Series(n_train, dtype="float64")
    table[PROBED] = pd.Series(probe, dtype="float64")
    scale = ScoreScale.fit(table)
    low, high = (scale.score(np.full(len(rows), one), table) for one in (0.0, 1.0))
    assert (low >= 0).all()
    assert (low <= high).all()
    assert (high <= 1).all()


def sized(history):
    """Each dataset with 100 training images and with 900, on which all score higher."""
    small = history.assign(level="100", n_train=100.0)
    large = history.assign(level="all", n_train=900.0, score=history["score"] ** 0.3)
    return pd.concat([small, large.assign(trial_id="all-" + large["trial_id"])], ignore_index=True)


def test_with_more_training_images_scores_are_expected_to_be_higher(history):
    scale, target = ScoreScale.fit(sized(history)), history.head(4)
    n_train = [100.0, 300.0, 900.0, np.nan]
    lowest, highest = (
        scale.score(np.full(4, one), target.assign(n_train=n_train)) for one in (0.0, 1.0)
    )
    for bound in (lowest, highest):
        assert bound[0] < bound[1] < bound[2]
        assert bound[0] < bound[3] < bound[2]
    # Each size has a range of its own, so that the small one's is not that of both together.
    only_small = ScoreScale.fit(history)
    for one in (0.0, 1.0):
        small = scale.score(np.full(1, one), target.head(1).assign(n_train=100.0))
        assert small == pytest.approx(only_small.score(np.full(1, one), target.head(1)), abs=0.06)


def test_a_probe_says_how_high_a_dataset_goes(history):
    best = history.groupby("dataset")["score"].transform("max").clip(0.01, 0.995)
    probed = history.assign(**{PROBED: 1 / (1 + np.exp(1 - log_odds(best)))})
    scale = ScoreScale.fit(probed)
    target = history.head(3).assign(**{PROBED: [0.45, 0.7, np.nan]})
    *known, unknown = scale.score(np.ones(3), target)
    expected = log_odds(np.array([0.45, 0.7])) + 1
    assert known == pytest.approx(1 / (1 + np.exp(-expected)), abs=0.05)
    assert unknown == pytest.approx(ScoreScale.fit(history).score(np.ones(3), target)[2])
    few = probed[PROBED].where(probed["dataset"] != "fabricated_0")
    assert ScoreScale.fit(probed.assign(**{PROBED: few})).highest_by_probe is None


def test_published_outcomes_do_not_set_the_level(history):
    twin = published_twin(history, "fabricated_0").assign(score=1.0)
    assert ScoreScale.fit(pd.concat([history, twin])) == ScoreScale.fit(history)
    assert ScoreScale.fit(twin).score(np.zeros(6), twin) == pytest.approx(0.995)


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
        lowest=by_classes(0.1, -0.5), highest=by_classes(0.9, 0.1), highest_by_probe=None
    )
    relative = scale.relative_score(np.array([score]), frame)
    assert scale.score(relative, frame) == pytest.approx([score])


def test_where_no_range_is_expected_every_score_is_in_its_middle() -> None:
    frame = pd.DataFrame({"n_classes": [2, 2]})
    scale = ScoreScale(lowest=flat(0.5), highest=flat(0.5), highest_by_probe=None)
    assert scale.relative_score(np.array([0.1, 0.9]), frame).tolist() == [0.5, 0.5]
