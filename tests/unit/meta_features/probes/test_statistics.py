import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.meta_features.probes import statistics


def clusters(
    n_classes: int, n_each: int, distance: float, n_features: int = 12, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian clouds around corners that are `distance` standard deviations apart."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), n_each)
    centres = distance * np.eye(n_classes, n_features)
    return centres[labels] + rng.normal(size=(len(labels), n_features)), labels


def test_a_linear_probe_tells_classes_that_lie_apart() -> None:
    features, labels = clusters(3, 20, 12.0)
    probabilities = statistics.linear_probe(features, labels, 4, 0)
    assert probabilities.shape == (60, 3)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(60))
    assert statistics.accuracy(probabilities, labels) == 1.0


def test_a_linear_probe_is_at_chance_where_labels_mean_nothing() -> None:
    features, labels = clusters(2, 100, 0.0)
    probabilities = statistics.linear_probe(features, labels, 4, 0)
    assert 0.3 < statistics.accuracy(probabilities, labels) < 0.7
    assert statistics.negative_log_likelihood(probabilities, labels) > 0.6


def test_a_linear_probe_repeats_and_does_not_mind_the_features_scale() -> None:
    features, labels = clusters(2, 15, 1.0)
    first = statistics.linear_probe(features, labels, 4, 3)
    assert np.array_equal(first, statistics.linear_probe(features, labels, 4, 3))
    assert first == pytest.approx(statistics.linear_probe(1000 * features, labels, 4, 3), abs=1e-6)


def test_fewer_folds_are_made_of_few_images_and_single_ones_are_refused() -> None:
    features, labels = clusters(2, 2, 8.0)
    assert statistics.linear_probe(features, labels, 4, 0).shape == (4, 2)
    with pytest.raises(ValueError, match="two images of every class"):
        statistics.linear_probe(features[:3], labels[:3], 4, 0)


def test_likelihood_and_calibration_of_known_probabilities() -> None:
    labels = np.array([0, 1, 0, 1])
    probabilities = np.array([[0.8, 0.2], [0.4, 0.6], [0.8, 0.2], [0.8, 0.2]])
    expected = -(2 * math.log(0.8) + math.log(0.6) + math.log(0.2)) / 4
    assert statistics.negative_log_likelihood(probabilities, labels) == pytest.approx(expected)
    # Said with 0.8: two of three right. Said with 0.6: one of one right.
    assert statistics.calibration_error(probabilities, labels) == pytest.approx(
        3 / 4 * abs(2 / 3 - 0.8) + 1 / 4 * abs(1 - 0.6)
    )
    assert statistics.accuracy(probabilities, labels) == 0.75


def test_a_class_given_no_probability_is_no_infinite_loss() -> None:
    loss = statistics.negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1]))
    assert loss == pytest.approx(-math.log(1e-12))


def test_the_nearest_neighbour_is_another_image_by_angle() -> None:
    features = np.array([[1.0, 0.0], [9.0, 0.1], [0.0, 1.0], [0.1, 5.0]])
    assert statistics.nearest_neighbour_error(features, np.array([0, 0, 1, 1])) == 0.0
    assert statistics.nearest_neighbour_error(features, np.array([0, 1, 0, 1])) == 1.0


@pytest.mark.parametrize("dimension", [2, 5])
def test_the_intrinsic_dimension_of_a_flat_sheet_in_a_large_space(dimension: int) -> None:
    rng = np.random.default_rng(1)
    sheet = rng.uniform(size=(1500, dimension)) @ rng.normal(size=(dimension, 40))
    assert statistics.intrinsic_dimension(sheet) == pytest.approx(dimension, rel=0.12)


def test_copies_of_images_have_no_dimension() -> None:
    assert math.isnan(statistics.intrinsic_dimension(np.ones((2, 4))))
    assert math.isnan(statistics.intrinsic_dimension(np.repeat(np.eye(4), 3, axis=0)))


def evidence_by_definition(features: np.ndarray, target: np.ndarray) -> float:
    """The log evidence maximised by scipy over both precisions, from the Gaussian's density."""
    from scipy.optimize import minimize
    from scipy.stats import multivariate_normal

    def loss(logarithms: np.ndarray) -> float:
        alpha, beta = np.exp(logarithms)
        covariance = np.eye(len(target)) / beta + features @ features.T / alpha
        return -float(multivariate_normal(cov=covariance).logpdf(target)) / len(target)

    return -float(minimize(loss, [0.0, 0.0], method="Nelder-Mead").fun)


def test_the_log_evidence_is_the_maximum_of_the_marginal_likelihood() -> None:
    features, labels = clusters(2, 15, 2.0, n_features=4)
    expected = np.mean(
        [evidence_by_definition(features, (labels == number).astype(float)) for number in (0, 1)]
    )
    assert statistics.log_evidence(features, labels) == pytest.approx(expected, abs=2e-3)


def test_the_log_evidence_prefers_features_that_tell_classes_apart() -> None:
    values = [statistics.log_evidence(*clusters(3, 20, far, 30)) for far in (0.0, 2.0, 6.0)]
    assert values == sorted(values)


def test_grey_has_no_colour_and_pure_colours_have_much() -> None:
    grey = np.full((2, 4, 4, 3), 130, dtype=np.uint8)
    assert statistics.colourfulness(grey) == 0.0
    red = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    red[..., 0] = 200
    # No spread; offset 0.3 * sqrt(200^2 + 100^2).
    assert statistics.colourfulness(red) == pytest.approx(0.3 * math.hypot(200, 100))
    assert statistics.colourfulness(np.concatenate([grey, red])) == pytest.approx(
        0.1 * math.hypot(200, 100)
    )


@settings(max_examples=25, deadline=None)
@given(
    n_classes=st.integers(2, 4),
    n_each=st.integers(2, 12),
    distance=st.floats(0, 10),
    n_features=st.integers(4, 40),
)
def test_every_statistic_stays_in_its_range(
    n_classes: int, n_each: int, distance: float, n_features: int
) -> None:
    features, labels = clusters(n_classes, n_each, distance, n_features)
    probabilities = statistics.linear_probe(features, labels, 4, 0)
    assert 0 <= statistics.accuracy(probabilities, labels) <= 1
    assert 0 <= statistics.calibration_error(probabilities, labels) <= 1
    assert statistics.negative_log_likelihood(probabilities, labels) >= 0
    assert 0 <= statistics.nearest_neighbour_error(features, labels) <= 1
    assert math.isfinite(statistics.log_evidence(features, labels))
