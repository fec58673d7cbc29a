from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.evaluation.statistics.scores import (
    bootstrap_interval,
    equal_trials,
    expected_best_of,
)

REGRETS = st.lists(st.floats(0, 1), min_size=1, max_size=7).map(np.array)


@given(REGRETS)
def test_expectation_equals_the_mean_over_all_subsets(regrets):
    exact = [
        np.mean([min(subset) for subset in combinations(regrets, k)])
        for k in range(1, len(regrets) + 1)
    ]
    assert expected_best_of(regrets) == pytest.approx(exact)


def test_expectation_holds_for_many_trials():
    curve = expected_best_of(np.linspace(0, 1, 3000))
    assert curve[0] == pytest.approx(0.5)
    assert np.isfinite(curve).all()
    assert (np.diff(curve) <= 1e-12).all()
    assert curve[-1] == pytest.approx(0, abs=1e-12)


@given(REGRETS, st.floats(0, 1))
def test_equal_trials_is_the_first_that_is_as_good(regrets, regret):
    curve = expected_best_of(regrets)
    k = equal_trials(regret, curve)
    if k is None:
        assert curve.min() > regret
    else:
        assert curve[k - 1] <= regret + 1e-12
        assert k == 1 or curve[k - 2] > regret


def test_interval_holds_the_mean_and_repeats():
    values = np.array([0.0, 0.1, 0.1, 0.4, 0.2])
    low, high = bootstrap_interval(values, 0.9, 500, seed=1)
    assert low < values.mean() < high
    assert (low, high) == bootstrap_interval(values, 0.9, 500, seed=1)
    wider = bootstrap_interval(values, 0.99, 500, seed=1)
    assert wider[0] <= low
    assert wider[1] >= high


def test_interval_of_equal_values_is_a_point():
    assert bootstrap_interval(np.full(4, 0.25), 0.95, 50, seed=0) == (0.25, 0.25)
