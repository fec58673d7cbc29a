import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.history.comparable import comparable_trials
from metallmix_kedro.history.portrait.importance import (
    balance,
    measure_importance,
    split_variance,
    varied_values,
)
from tests.fabricated import SPACE
from tests.made_history import made_history, whole_space

BACKBONE = dict(zip(SPACE.backbone, (-0.1, 0.0, 0.1), strict=True))
"""Variance over the three values: 0.02 / 3."""
OPTIMIZER = dict(zip(SPACE.optimizer, (-0.05, 0.0, 0.05), strict=True))
"""A quarter of that."""


def additive(row):
    return 0.5 + BACKBONE[row["backbone"]] + OPTIMIZER[row["optimizer"]]


def importance(rows):
    return measure_importance(comparable_trials(made_history(rows)))


def test_shares_of_a_whole_space_without_noise_are_exact():
    shares = importance(whole_space(additive))["by_dataset"]["d"]
    assert shares["main"]["backbone"] == pytest.approx(0.8, abs=1e-3)
    assert shares["main"]["optimizer"] == pytest.approx(0.2, abs=1e-3)
    assert shares["main"]["dropout"] == pytest.approx(0, abs=1e-3)
    assert shares["rest"] == pytest.approx(0, abs=1e-3)
    assert shares["n_trials"] == SPACE.size


def test_an_interaction_is_told_from_main_effects():
    def score(row):
        sign = {"adam": 1, "sgd": -1, "rmsprop": 0}[row["optimizer"]]
        return 0.5 + 0.1 * sign * (1 if row["batch_size"] == 16 else -1)

    shares = importance(whole_space(score))["by_dataset"]["d"]
    assert shares["pairs"]["optimizer x batch_size"] == pytest.approx(1, abs=0.02)
    assert max(shares["main"].values()) == pytest.approx(0, abs=0.01)


def test_noise_is_rest_and_explains_nothing_on_average():
    noise = np.random.default_rng(0)
    rows = [
        trial
        for number in range(20)
        for trial in whole_space(lambda _: 0.5 + noise.normal(0, 0.05), f"d{number:02d}")[::4]
    ]
    overall = importance(rows)["overall"]
    assert overall["rest"] == pytest.approx(1, abs=0.06)
    assert all(abs(share) < 0.02 for share in overall["main"].values())
    assert all(abs(share) < 0.02 for share in overall["pairs"].values())


def test_a_rarely_measured_strategy_counts_as_much_as_a_frequent_one():
    """Strategy explains 90 % over the space, but far less over such trials as they are."""

    def score(row):
        return 0.5 + (0.2 if row["strategy"] == "full" else 0) + 0.5 * OPTIMIZER[row["optimizer"]]

    space = whole_space(score)
    full = [row for row in space if row["strategy"] == "full"]
    first = [row for row in space if row["strategy"] == "feature_extraction"]
    chosen = np.random.default_rng(1).choice(len(full), 24, replace=False)
    rows = first + [full[at] for at in chosen]
    # Effects 0 and 0.2 have the variance 0.01; those of the optimizer (0.05 / 2)^2 * 2 / 3.
    expected = 0.01 / (0.01 + 0.025**2 * 2 / 3)
    raw = pd.DataFrame(rows).groupby("strategy").size()
    assert raw.min() / raw.max() < 0.2
    shares = importance(rows)["by_dataset"]["d"]["main"]
    assert shares["strategy"] == pytest.approx(expected, abs=0.03)


def test_datasets_count_once_in_the_mean():
    large = whole_space(additive, "large")
    small = whole_space(lambda row: 0.5 + OPTIMIZER[row["optimizer"]], "small")
    chosen = np.random.default_rng(0).choice(len(small), 100, replace=False)
    found = importance(large + [small[at] for at in chosen])
    assert found["by_dataset"]["small"]["n_trials"] == 100
    assert next(iter(found["overall"]["main"])) == "optimizer"
    assert found["overall"]["main"]["optimizer"] == pytest.approx((0.2 + 1) / 2, abs=0.01)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (whole_space(additive)[:9], "9 trials"),
        (whole_space(lambda _: 0.5), "the same score"),
        ([{"test_accuracy": 0.1}, {"test_accuracy": 0.2}], "no hyperparameter is known"),
    ],
)
def test_a_dataset_that_cannot_be_split_is_listed_with_the_reason(rows, reason):
    found = importance(rows)
    assert reason in found["excluded"]["d"]
    assert found["by_dataset"] == {}
    assert found["overall"] == {"main": {}, "pairs": {}, "rest": None}


def test_what_an_import_does_not_say_is_left_out():
    unknown = {"dropout": None, "batch_size": None, "source": "imported", "proposer": "import:x"}
    shares = importance(whole_space(additive, **unknown))["by_dataset"]["d (import:x)"]
    assert set(shares["main"]) == {
        "backbone", "strategy", "dense_units", "optimizer", "learning_rate",
    }  # fmt: skip
    assert shares["main"]["backbone"] == pytest.approx(0.8, abs=0.01)


def test_rows_that_lack_what_others_say_are_left_out():
    rows = whole_space(additive)
    rows[0] = {**rows[0], "optimizer": None}
    assert importance(rows)["by_dataset"]["d"]["n_trials"] == SPACE.size - 1


def test_a_rate_with_many_values_is_cut_into_quarters():
    rows = pd.DataFrame(whole_space(additive))
    rows["learning_rate"] = np.geomspace(1e-5, 1e-2, len(rows))
    assert varied_values(rows)["learning_rate"].value_counts().tolist() == [len(rows) / 4] * 4


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.001, 1000), st.floats(-100, 100))
def test_shares_sum_to_one_and_know_no_unit(seed, scale, shift):
    rng = np.random.default_rng(seed)
    varied = varied_values(SPACE.frame().sample(150, random_state=int(seed)))
    scores = rng.normal(size=150) + varied["optimizer"].map(OPTIMIZER).to_numpy(float) * 20
    shares = split_variance(scores, varied)
    again = split_variance(scores * scale + shift, varied)
    total = sum(shares.main.values()) + sum(shares.pairs.values()) + shares.rest
    assert total == pytest.approx(1)
    assert again.main == pytest.approx(shares.main, abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=30))
def test_weights_are_positive_and_values_balanced(drawn):
    # With every combination there once, the balance can be reached.
    whole = [(one, other) for one in range(3) for other in range(2)]
    codes = [np.array(code) for code in zip(*(whole + drawn), strict=True)]
    weights = balance(codes)
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1)
    for code in codes:
        sums = np.bincount(code, weights)
        assert sums == pytest.approx(np.full(len(sums), 1 / len(sums)), abs=1e-6)
