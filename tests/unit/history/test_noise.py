"""Noise of known size is found again."""

import json

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.history.noise import (
    half_accuracies,
    luck_of_images,
    luck_of_seeds,
    noise_by_level,
)
from tests.fabricated import fabricate_history


def with_hits(trials: pd.DataFrame, images: list[int], hits: list[list[int]]) -> pd.DataFrame:
    told = [json.dumps(of_one) for of_one in hits]
    return trials.assign(test_images=json.dumps(images), test_hits=told, score=0.5)


def test_every_other_part_is_one_half():
    trials = with_hits(fabricate_history(1, 2), [4, 6, 6, 4], [[4, 3, 1, 2], [0, 0, 0, 0]])
    np.testing.assert_allclose(half_accuracies(trials), [[5 / 10, 5 / 10], [0, 0]])


def test_what_was_not_recorded_is_missing():
    trials = fabricate_history(1, 2)
    assert np.isnan(half_accuracies(trials.drop(columns=["test_images", "test_hits"]))).all()
    some = with_hits(trials, [4, 6], [[4, 3], [0, 0]])
    some.loc[some.index[1], "test_hits"] = None
    assert np.isnan(half_accuracies(some)).any(axis=1).tolist() == [False, True]
    assert np.isnan(luck_of_images(half_accuracies(some)))


def test_the_luck_of_images_is_what_the_halves_do_not_share():
    rng = np.random.default_rng(0)
    worth, harder, noise = rng.uniform(0.4, 0.9, 4000), 0.1, 0.03
    halves = worth[:, None] + [0.0, harder] + rng.normal(0, noise, (4000, 2))
    assert luck_of_images(halves) == pytest.approx(noise / np.sqrt(2), rel=0.05)


def test_the_luck_of_seeds_is_pooled_over_what_was_repeated():
    trials = fabricate_history(2, 4)
    same = pd.concat([trials.iloc[[0]]] * 3, ignore_index=True)
    same = same.assign(seed=[1, 2, 3], test_accuracy=[0.5, 0.6, 0.7], trial_id=["x", "y", "z"])
    found, count = luck_of_seeds(pd.concat([trials.iloc[1:], same]).assign(score=0.5))
    assert (found, count) == (pytest.approx(0.1), 1)
    assert luck_of_seeds(trials.assign(score=0.5))[1] == 0


def test_noise_is_told_by_level_and_strategy():
    trials = with_hits(fabricate_history(2, 6), [10, 10], [[5, 6]] * 3 + [[7, 5]] * 9)
    table = noise_by_level(trials.assign(level=["all", "100"] * 6))
    assert set(table["level"]) == {"all", "100"}
    assert table["n_trials"].sum() == 12
    assert noise_by_level(trials.drop(columns="level")).empty
