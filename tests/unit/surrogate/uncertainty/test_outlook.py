import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.surrogate.uncertainty.outlook import COMMON, TRIAL_NOISE, Outlook

SEED = 3


def outlook(differences: np.ndarray, n_draws: int = 4000, noise: float = 0.01) -> Outlook:
    """Expect 0.5 of all; draws are Gaussian with the covariance of the differences."""
    rng = np.random.default_rng(SEED)
    weights = rng.standard_normal((n_draws, len(differences))) / np.sqrt(len(differences))
    own = noise * rng.standard_normal((n_draws, differences.shape[1]))
    return Outlook(
        mean=np.full(differences.shape[1], 0.5),
        draws=(0.5 + weights @ differences + own).astype(np.float32),
        differences=differences,
        noise=np.full(differences.shape[1], noise),
    )


# Where the first two configurations are good, the third is bad; the fourth goes its own way.
TWO_WAYS = np.array([[0.3, 0.3, -0.3, 0.0], [0.0, 0.0, 0.0, 0.3]])


def test_without_a_trial_nothing_changes() -> None:
    before = outlook(TWO_WAYS)
    assert before.after([], np.array([]), SEED) is before


def test_a_good_trial_speaks_for_its_like_and_against_its_opposite() -> None:
    mean = outlook(TWO_WAYS).after([0], np.array([0.9]), SEED).mean
    assert 0.5 < mean[1] <= mean[0] < 0.9
    assert mean[2] < mean[3] < mean[1]


def test_the_mean_is_that_of_the_gaussian_posterior() -> None:
    before = outlook(TWO_WAYS, noise=0.05)
    covariance = TWO_WAYS.T @ TWO_WAYS / 2 + COMMON**2 + 0.05**2 * np.eye(4)
    tried, scores = [0, 3], np.array([0.8, 0.1])
    among = covariance[np.ix_(tried, tried)] + TRIAL_NOISE**2 * np.eye(2)
    expected = 0.5 + covariance[:, tried] @ np.linalg.inv(among) @ (scores - 0.5)
    after = before.after(tried, scores, SEED)
    assert after.mean == pytest.approx(expected)
    assert after.draws.mean(axis=0) == pytest.approx(expected, abs=0.02)
    left = covariance - covariance[:, tried] @ np.linalg.inv(among) @ covariance[tried]
    assert np.cov(after.draws.T) == pytest.approx(left, abs=0.01)


def test_two_trials_of_one_configuration_count_as_two() -> None:
    before = outlook(TWO_WAYS)
    once = before.after([0], np.array([0.9]), SEED).mean[0]
    twice = before.after([0, 0], np.array([0.9, 0.9]), SEED).mean[0]
    assert once < twice < 0.9


def test_the_same_seed_gives_the_same_draws() -> None:
    before, scores = outlook(TWO_WAYS, n_draws=20), np.array([0.7])
    first = before.after([1], scores, 1).draws
    assert np.array_equal(first, before.after([1], scores, 1).draws)
    assert not np.array_equal(first, before.after([1], scores, 2).draws)


@given(st.lists(st.integers(0, 3), max_size=12), st.data())
def test_trials_never_make_the_outlook_vaguer(tried: list[int], data: st.DataObject) -> None:
    scores = np.array([data.draw(st.floats(-0.5, 1.5)) for _ in tried])
    before = outlook(TWO_WAYS, n_draws=400)
    after = before.after(tried, scores, SEED)
    assert after.draws.shape == before.draws.shape
    assert np.isfinite(after.mean).all()
    wide = np.sqrt(before.draws.var(axis=0) + COMMON**2)
    assert (after.draws.std(axis=0) <= 1.15 * wide).all()  # a sample's spread is not exact


def test_the_chance_to_beat_another_is_a_share_of_the_draws() -> None:
    draws = np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.2, 0.2, 0.9]], dtype=np.float32)
    made = Outlook(draws.mean(axis=0).astype(float), draws, np.zeros((1, 3)), np.zeros(3))
    assert made.chance_to_beat(1) == pytest.approx([1 / 3, 0.0, 2 / 3])
