from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.evaluation.statistics.significance import (
    against_others,
    holm,
    signed_rank_p,
)

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_signed_rank_test_is_exact_by_hand():
    """Of the 32 ways to sign five ranks, two are as extreme as all of one sign."""
    assert signed_rank_p(np.array([0.1, 0.2, 0.3, 0.4, 0.5])) == pytest.approx(2 / 32)
    differences = np.array([-0.1, 0.2, 0.3, 0.4, 0.5])
    sums = [sum(signs * np.arange(1, 6)) for signs in product([0, 1], repeat=5)]
    as_extreme = sum(min(total, 15 - total) <= 1 for total in sums)
    assert signed_rank_p(differences) == pytest.approx(as_extreme / 32)


def test_equal_figures_are_dropped_and_nothing_but_equals_is_no_difference():
    five = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    assert signed_rank_p(np.append(five, [0.0, 1e-15])) == signed_rank_p(five)
    assert signed_rank_p(np.zeros(4)) == 1.0


def test_holm_by_hand():
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(P_VALUES)
def test_holm_corrects_up_keeps_the_order_and_no_more_than_bonferroni(p_values):
    corrected = holm(p_values)
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all()
    for p, fixed in zip(p_values, corrected, strict=True):
        assert p <= fixed <= min(1.0, p * len(p_values)) + 1e-12


@pytest.fixture
def figures():
    """On eight datasets, `a` always a little ahead of `b`, `c` far behind, `d` the same as `a`."""
    base = np.linspace(0.1, 0.2, 8)
    ahead = np.linspace(0.01, 0.02, 8)
    return pd.DataFrame({"a": base, "b": base + ahead, "c": base + 0.5 + ahead, "d": base})


def test_ours_is_tested_against_each_other_method(figures):
    tests = against_others(figures, "a").set_index("other")
    assert list(tests.index) == ["b", "c", "d"]
    assert tests.loc["b", "mean_difference"] == pytest.approx(-0.015)
    assert tests.loc["b", ["wins", "ties", "losses"]].tolist() == [8, 0, 0]
    assert tests.loc["d", ["wins", "ties", "losses"]].tolist() == [0, 8, 0]
    assert tests.loc["b", "p"] == pytest.approx(2 / 2**8)
    assert tests.loc["b", "p_holm"] == pytest.approx(3 * 2 / 2**8)
    assert tests.loc["d", "p_holm"] == 1.0


def test_one_method_alone_is_tested_against_nothing(figures):
    assert against_others(figures[["a"]], "a").empty
