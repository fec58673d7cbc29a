import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.surrogate.uncertainty.outlook import LUCK, Outlook

OWN = 0.05**2


def outlook(loadings: np.ndarray) -> Outlook:
    n = loadings.shape[1]
    return Outlook(np.full(n, 0.5), loadings, OWN, np.zeros((n, 0)))


# The first two configurations have a value in common; all have something.
LIKE = np.array([[0.3, 0.3, 0.0, 0.0], [0.1, 0.1, 0.1, 0.1]])
COVARIANCE = LIKE.T @ LIKE + (1 - LUCK) * OWN * np.eye(4)


def posterior(tried: list[int], scores: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """The Gaussian posterior, straight from the textbook."""
    among = COVARIANCE[np.ix_(tried, tried)] + LUCK * OWN * np.eye(len(tried))
    gain = COVARIANCE[:, tried] @ np.linalg.inv(among)
    return 0.5 + gain @ (np.array(scores) - 0.5), COVARIANCE - gain @ COVARIANCE[tried]


def test_without_a_trial_nothing_changes() -> None:
    before = outlook(LIKE)
    assert before.after([], np.array([])) is before
    assert before.covariance(range(4)) == pytest.approx(COVARIANCE)


def test_a_good_trial_speaks_for_its_like_more_than_for_others() -> None:
    mean = outlook(LIKE).after([0], np.array([0.9])).mean
    assert 0.5 < mean[2] == mean[3] < mean[1] < mean[0] < 0.9


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.data())
def test_mean_and_covariance_are_those_of_the_gaussian_posterior(
    tried: list[int], data: st.DataObject
) -> None:
    scores = [data.draw(st.floats(-0.5, 1.5)) for _ in tried]
    after = outlook(LIKE).after(tried, np.array(scores))
    mean, covariance = posterior(tried, scores)
    assert after.mean == pytest.approx(mean, abs=1e-6)
    assert after.covariance(range(4)) == pytest.approx(covariance, abs=1e-8)
    # What is known more exactly is never known less exactly.
    assert (np.diag(covariance) <= np.diag(COVARIANCE) + 1e-12).all()


def test_two_trials_of_one_configuration_count_as_two() -> None:
    once, twice = (outlook(LIKE).after([0] * n, np.full(n, 0.9)).mean[0] for n in (1, 2))
    assert once < twice < 0.9


def test_draws_have_the_mean_and_covariance_and_are_the_same_again() -> None:
    after = outlook(LIKE).after([0, 2], np.array([0.55, 0.6]))
    drawn = after.draws([3, 0, 2], 200_000, seed=1)
    assert drawn.mean(axis=0) == pytest.approx(after.mean[[3, 0, 2]], abs=0.002)
    expected = after.covariance([3, 0, 2])[[3, 0, 2]]
    assert np.cov(drawn.T) == pytest.approx(expected, abs=1e-4)
    np.testing.assert_array_equal(drawn, after.draws([3, 0, 2], 200_000, seed=1))


def test_chance_and_gain_are_those_of_many_draws() -> None:
    after = outlook(LIKE).after([0, 2], np.array([0.55, 0.6]))
    rng = np.random.default_rng(1)
    drawn = rng.multivariate_normal(after.mean, after.covariance(range(4)), 200_000)
    lead = drawn - drawn[:, [2]]
    assert after.chance_to_beat(2) == pytest.approx((lead > 0).mean(axis=0), abs=0.01)
    assert after.expected_gain(2) == pytest.approx(np.maximum(lead, 0).mean(axis=0), abs=0.002)
    assert after.chance_to_beat(2)[2] == after.expected_gain(2)[2] == 0.0
