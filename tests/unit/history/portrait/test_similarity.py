import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from metallmix_kedro.history.comparable import comparable_trials
from metallmix_kedro.history.portrait.similarity import (
    MIN_COMMON,
    compare_rankings,
    rank_correlations,
)
from metallmix_kedro.support import alike_side_by_side
from tests.fabricated import SPACE
from tests.made_history import made_history

GRID = SPACE.frame()


def trials(**scores):
    """Trials of the space's first configurations; a dataset's scores, None where not measured."""
    rows = [
        {**GRID.iloc[number], "dataset": name, "trial_id": f"{name}-{number}",
         "test_accuracy": score, "validation_accuracy": 1 - score}
        for name, values in scores.items()
        for number, score in enumerate(values)
        if score is not None
    ]  # fmt: skip
    return comparable_trials(made_history(rows))


def test_rankings_are_correlated_over_common_configurations():
    one = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    swapped = [0.1, 0.0, *one[2:10], None]
    found = compare_rankings(trials(a=one, b=swapped, c=[1 - score for score in one]))
    # By hand: 1 - 6 * (1 + 1) / (10 * 99).
    assert found["spearman"]["a"]["b"] == pytest.approx(1 - 12 / 990, abs=1e-4)
    assert found["n_common"]["a"]["b"] == 10
    assert found["spearman"]["a"]["c"] == -1
    assert found["n_common"]["a"]["c"] == 11
    # A dataset with itself: test against validation, which was made its opposite.
    assert found["spearman"]["a"]["a"] == -1
    assert found["order"] in (["a", "b", "c"], ["b", "a", "c"], ["c", "a", "b"], ["c", "b", "a"])


def test_too_little_in_common_is_no_number():
    few = [0.1 * number for number in range(MIN_COMMON - 1)]
    found = compare_rankings(trials(a=[*few, 0.95], b=few, flat=[0.5] * MIN_COMMON))
    assert found["spearman"]["a"]["b"] is None
    assert found["spearman"]["a"]["flat"] is None
    assert found["n_common"]["a"]["b"] == MIN_COMMON - 1
    assert set(found["order"]) == {"a", "b", "flat"}


def test_one_dataset_and_none():
    assert compare_rankings(trials(a=[0.1, 0.2]))["order"] == ["a"]
    nothing = compare_rankings(trials(a=[0.1]).head(0))
    assert nothing == {"order": [], "spearman": {}, "n_common": {}}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=MIN_COMMON, max_size=40))
def test_the_correlation_is_scipys(pairs):
    one, other = (pd.Series(side, dtype=float) for side in zip(*pairs, strict=True))
    found = rank_correlations(pd.DataFrame({"one": one, "other": other})).loc["one", "other"]
    if one.nunique() > 1 and other.nunique() > 1:
        assert found == pytest.approx(stats.spearmanr(one, other).statistic)
    else:
        assert np.isnan(found)


def test_alike_datasets_stand_side_by_side():
    distances = pd.DataFrame(0.9, index=list("abcd"), columns=list("abcd"))
    for one, other in ("ac", "bd"):
        distances.loc[one, other] = distances.loc[other, one] = 0.1
    order = alike_side_by_side(distances)
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset("ac"), frozenset("bd")}
