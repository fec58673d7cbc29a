"""A choice that is luck gains nothing, and one that is not loses nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.evaluation.protocols.replay import ReplayTable
from metallmix_kedro.evaluation.statistics.luck import below_best, noise_floor


def table(halves: np.ndarray) -> ReplayTable:
    names = pd.Series([str(number) for number in range(len(halves))])
    missing = np.full(len(halves), np.nan)
    return ReplayTable("d", pd.DataFrame(), names, halves.mean(axis=1), missing, halves)


def test_below_best_is_scored_where_it_was_not_chosen():
    ours = table(np.array([[0.9, 0.5], [0.6, 0.8], [0.7, 0.7]]))
    # By the first half trial 0 is best and scores 0.5 on the second; by the second trial 1, 0.6.
    assert below_best(ours, [2]) == pytest.approx(((0.5 - 0.7) + (0.6 - 0.7)) / 2)
    assert below_best(ours, [0, 1, 2]) == 0
    assert below_best(ours, [1, 2]) == pytest.approx(((0.5 - 0.7) + 0) / 2)


def test_where_all_are_equal_the_best_record_is_worth_nothing():
    rng = np.random.default_rng(1)
    halves = 0.7 + rng.normal(0, 0.03, (20_000, 2))
    ours = table(halves)
    assert ours.scores.max() - 0.7 > 0.07
    assert abs(np.mean([below_best(ours, [pick]) for pick in range(200)])) < 0.06
    assert noise_floor(ours, np.nan, 0) > 0.3


def test_without_noise_nothing_stands_between_the_truth_and_the_best_record():
    worth = np.linspace(0.5, 0.9, 30)
    ours = table(np.stack([worth, worth], axis=1))
    assert noise_floor(ours, np.nan, 0) == 0
    assert noise_floor(ours, 0.05, 0) > 0.02
    unknown = replace(ours, halves=np.full((30, 2), np.nan))
    assert np.isnan(noise_floor(unknown, 0.05, 0))
    assert np.isnan(below_best(unknown, [3]))
