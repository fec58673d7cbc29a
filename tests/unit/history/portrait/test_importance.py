import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.history.comparable import comparable_trials
from metallmix_kedro.history.portrait.importance import explained_shares, measure_importance
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


def test_shares_of_a_whole_space_without_noise_are_those_it_was_made_of():
    shares = importance(whole_space(additive))["by_dataset"]["d"]
    assert shares["backbone"] == pytest.approx(0.8, abs=0.01)
    assert shares["optimizer"] == pytest.approx(0.2, abs=0.01)
    assert shares["dropout"] == pytest.approx(0, abs=1e-3)


def test_an_interaction_explains_nothing_by_itself():
    def score(row):
        sign = {"adam": 1, "sgd": -1, "rmsprop": 0}[row["optimizer"]]
        return 0.5 + 0.1 * sign * (1 if row["batch_size"] == 16 else -1)

    shares = importance(whole_space(score))["by_dataset"]["d"]
    assert max(shares.values()) == pytest.approx(0, abs=0.01)


def test_noise_explains_nothing_on_average():
    noise = np.random.default_rng(0)
    rows = [
        trial
        for number in range(20)
        for trial in whole_space(lambda _: 0.5 + noise.normal(0, 0.05), f"d{number:02d}")[::4]
    ]
    overall = importance(rows)["overall"]
    assert all(abs(share) < 0.02 for share in overall.values())


def test_datasets_count_once_in_the_mean():
    large = whole_space(additive, "large")
    small = whole_space(lambda row: 0.5 + OPTIMIZER[row["optimizer"]], "small")
    chosen = np.random.default_rng(0).choice(len(small), 100, replace=False)
    found = importance(large + [small[at] for at in chosen])
    assert set(found["by_dataset"]) == {"large", "small"}
    assert next(iter(found["overall"])) == "optimizer"
    assert found["overall"]["optimizer"] == pytest.approx((0.2 + 1) / 2, abs=0.03)


@pytest.mark.parametrize(
    "rows",
    [
        whole_space(additive)[:9],
        whole_space(lambda _: 0.5),
        [{"test_accuracy": 0.1}, {"test_accuracy": 0.2}],
    ],
    ids=["few trials", "equal scores", "nothing varied"],
)
def test_a_dataset_of_which_nothing_can_be_said_is_left_out(rows):
    assert importance(rows) == {"overall": {}, "by_dataset": {}}


def test_what_goes_along_with_another_cannot_be_told_from_it():
    rows = [
        {**row, "dropout": 0.3 if row["optimizer"] == "adam" else 0.5}
        for row in whole_space(additive)
    ]
    shares = importance(rows)["by_dataset"]["d"]
    assert {"dropout", "optimizer"}.isdisjoint(shares)
    assert shares["backbone"] == pytest.approx(0.8, abs=0.01)


def test_what_an_import_does_not_say_is_left_out():
    unknown = {"dropout": None, "batch_size": None, "source": "imported", "proposer": "import:x"}
    shares = importance(whole_space(additive, **unknown))["by_dataset"]["d (import:x)"]
    assert set(shares) == {
        "backbone", "strategy", "dense_units", "optimizer", "learning_rate",
    }  # fmt: skip
    assert shares["backbone"] == pytest.approx(0.8, abs=0.01)


def test_rows_that_lack_what_others_say_are_left_out():
    rows = whole_space(additive)
    shares = importance([{**rows[0], "optimizer": None}, *rows[1:]])["by_dataset"]["d"]
    assert shares == importance(rows[1:])["by_dataset"]["d"]


def test_a_rate_with_many_values_is_cut_into_quarters():
    rates = np.geomspace(1e-5, 1e-2, 40)
    scores = pd.Series(np.repeat([0.1, 0.2, 0.3, 0.4], 10))
    shares = explained_shares(scores, pd.DataFrame({"learning_rate": rates}))
    assert shares == {"learning_rate": 1}


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.001, 1000), st.floats(-100, 100))
def test_shares_know_no_unit(seed, scale, shift):
    rng = np.random.default_rng(seed)
    varied = SPACE.frame().sample(150, random_state=int(seed)).reset_index(drop=True)
    scores = rng.normal(size=150) + varied["optimizer"].map(OPTIMIZER).astype(float) * 20
    shares = explained_shares(scores, varied)
    again = explained_shares(scores * scale + shift, varied)
    assert again == pytest.approx(shares, abs=2e-4)
    assert max(shares.values()) <= 1
