from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metallmix_kedro.evaluation.methods.averages import by_average
from metallmix_kedro.evaluation.methods.portfolio import (
    by_portfolio,
    dataset_scores,
    greedy_portfolio,
)

SCORES = arrays(
    float,
    st.tuples(st.integers(1, 6), st.integers(1, 4)),
    elements=st.one_of(st.floats(0, 1), st.just(float("nan"))),
)


def worth(scores, members):
    return np.nan_to_num(scores)[list(members)].max(axis=0).mean()


def test_the_second_member_is_good_where_the_first_is_not():
    scores = np.array([[0.9, 0.8, 0.1], [0.8, 0.8, 0.2], [0.2, 0.1, 0.9]])
    assert greedy_portfolio(scores, 2) == [0, 2]


def test_what_was_not_measured_raises_nothing_there():
    scores = np.array([[1.0, np.nan, np.nan], [0.5, 0.5, 0.4]])
    assert greedy_portfolio(scores, 2) == [1, 0]


def test_equals_are_told_apart_by_their_means_then_by_their_order():
    nothing_to_add = np.array([[1.0, 1.0], [0.2, 0.2], [0.5, 0.5], [0.5, 0.5]])
    assert greedy_portfolio(nothing_to_add, 4) == [0, 2, 3, 1]


@given(SCORES, st.integers(1, 6))
def test_a_portfolio_is_greedy_and_better_than_a_bound_of_the_best_set(scores, size):
    members = greedy_portfolio(scores, size)
    assert len(members) == len(set(members)) == min(size, len(scores))
    for n, joined in enumerate(members):
        others = [worth(scores, [*members[:n], row]) for row in range(len(scores))]
        assert worth(scores, [*members[:n], joined]) >= max(others) - 1e-9
    best = max(worth(scores, chosen) for chosen in combinations(range(len(scores)), len(members)))
    # Nemhauser, Wolsey and Fisher (1978): greedy cover reaches 1 - 1/e of the best.
    assert worth(scores, members) >= (1 - 1 / np.e) * best - 1e-9


def test_its_first_is_the_best_on_average_where_all_were_measured_everywhere(task, settings):
    assert dataset_scores(task.training, settings).notna().all(axis=None)
    rng = np.random.default_rng(0)
    assert by_portfolio(task, rng, 5)[0] == by_average(task, rng, 1)[0]


def test_scores_are_a_row_a_configuration_and_a_column_a_dataset(task, settings):
    scores = dataset_scores(task.training, settings)
    assert scores.shape == (24, 3)
    one = task.training.relative.iloc[5]
    keys = scores.index.names
    assert scores.loc[tuple(one[keys]), one["dataset"]] == pytest.approx(one["relative_score"])
