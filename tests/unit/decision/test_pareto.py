import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.decision.pareto import (
    fastest,
    not_dominated,
    pareto_front,
    rounded,
)
from tests import made_recommendation as made

# Few distinct values, so that equal scores, equal times and equal points come up.
_points = st.lists(
    st.tuples(st.integers(0, 6).map(lambda n: n / 6), st.integers(1, 8).map(float)),
    min_size=1,
    max_size=40,
)


def dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] >= other[0] and one[1] <= other[1] and one != other


@given(_points)
def test_no_point_of_the_front_is_dominated_and_every_other_is(points):
    score, seconds = np.array(points).T
    front = not_dominated(score, seconds).tolist()
    chosen = [points[position] for position in front]
    assert len(set(chosen)) == len(chosen)
    assert not any(dominates(one, other) for one in points for other in chosen)
    for other in set(points) - set(chosen):
        assert any(dominates(one, other) for one in chosen)


@given(_points)
def test_along_the_front_time_and_score_rise_together(points):
    score, seconds = np.array(points).T
    front = not_dominated(score, seconds)
    assert (np.diff(seconds[front]) > 0).all()
    assert (np.diff(score[front]) > 0).all()
    assert score[front[-1]] == score.max()
    assert seconds[front[0]] == seconds.min()


def test_of_equal_points_the_first_stands_for_all():
    assert not_dominated(np.array([0.5, 0.5]), np.array([3.0, 3.0])).tolist() == [0]


def test_the_front_names_configurations_with_their_predictions():
    scored = made.scored_space()
    front = pareto_front(scored)
    score, seconds = rounded(scored)
    assert len(front) > 1
    assert front[-1].score == score.max()
    assert front[0].training_time_s == seconds.min()
    for one in front:
        same = np.logical_and.reduce(
            [scored[name] == value for name, value in one.configuration.as_dict().items()]
        )
        assert score[same] == pytest.approx([one.score])
        assert seconds[same] == pytest.approx([one.training_time_s])


def test_the_unit_of_times_is_the_fastest_candidate():
    candidates = made.evidence().candidates
    times = [one.training_time_s for one in candidates]
    assert fastest(candidates).training_time_s == min(times)
