import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from metallmix_kedro.evaluation.methods.gaussian_process import GaussianProcess, _loss, matern


def made(seed):
    rng = np.random.default_rng(seed)
    points = rng.random((int(rng.integers(3, 20)), 5))
    scores = np.sin(3 * points[:, 0]) + points[:, 1] + rng.normal(0, 0.1, len(points))
    return points, scores, rng.random((30, 5))


@given(st.integers(0, 2**20))
@settings(max_examples=20)
def test_it_predicts_what_scikit_learn_predicts(seed):
    points, scores, others = made(seed)
    process = GaussianProcess.fit(cdist(points, points), scores)
    kernel = ConstantKernel(1.0, (1e-2, 1e2)) * Matern(1.0, (1e-1, 1e2), nu=2.5)
    kernel += WhiteKernel(1e-2, (1e-5, 1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = GaussianProcessRegressor(kernel, normalize_y=True).fit(points, scores)
    mean, std = process.predict(cdist(points, others))
    their_mean, their_std = theirs.predict(others, return_std=True)
    # With few points the likelihood is flat, and both stop a little off its top.
    assert mean == pytest.approx(their_mean, abs=1e-3)
    assert std == pytest.approx(their_std, abs=1e-3)


def test_the_gradient_is_that_of_the_likelihood():
    points, scores, _ = made(1)
    distances = cdist(points, points)
    at = np.log([0.7, 0.4, 0.05])

    def loss(logs):
        return _loss(logs, distances, scores)[0]

    def gradient(logs):
        return _loss(logs, distances, scores)[1]

    assert check_grad(loss, gradient, at) < 1e-4


def test_equal_scores_are_predicted_everywhere():
    points, _, others = made(2)
    process = GaussianProcess.fit(cdist(points, points), np.full(len(points), 0.4))
    mean, std = process.predict(cdist(points, others))
    assert mean == pytest.approx(np.full(30, 0.4))
    assert np.isfinite(std).all()


def test_correlation_falls_from_one_with_the_distance():
    correlations = matern(np.linspace(0, 5, 20))
    assert correlations[0] == 1
    assert (np.diff(correlations) < 0).all()
