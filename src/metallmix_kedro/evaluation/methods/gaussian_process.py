"""A Gaussian process of a few points: Matérn 5/2 with noise, by maximum likelihood.

The model and its bounds are those of scikit-learn's ``GaussianProcessRegressor`` with the kernel
``ConstantKernel * Matern(nu=2.5) + WhiteKernel`` and ``normalize_y``; a test holds the two
together. A replay refits it thousands of times on at most twenty points, where nearly all of
scikit-learn's time goes into checks and copies.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metallmix_kedro.support.extras import require

Values = npt.NDArray[np.float64]

START = np.log([1.0, 1.0, 1e-2])
"""Where the search for amplitude, length scale and noise begins (logarithms)."""

BOUNDS = tuple((np.log(low), np.log(high)) for low, high in ((1e-2, 1e2), (1e-1, 1e2), (1e-5, 1.0)))
JITTER = 1e-10
ROOT_5 = np.sqrt(5.0)


@dataclass(frozen=True, slots=True)
class GaussianProcess:
    """A fitted process; scores are standardised inside.

    Parameters
    ----------
    amplitude, length_scale, noise : float
        Variance of the function, its length scale, and variance of the noise, of standardised
        scores.
    mean, scale : float
        Of the scores.
    factor : ndarray
        Lower Cholesky factor of the points' covariance, shape (m, m).
    weights : ndarray
        Covariance's inverse times the standardised scores, shape (m,).
    """

    amplitude: float
    length_scale: float
    noise: float
    mean: float
    scale: float
    factor: Values
    weights: Values

    @classmethod
    def fit(cls, distances: Values, scores: Values) -> "GaussianProcess":
        """Fit amplitude, length scale and noise.

        Parameters
        ----------
        distances : ndarray
            Between the points, shape (m, m).
        scores : ndarray
            Shape (m,).

        Raises
        ------
        MissingExtraError
            If scipy is not installed.
        """
        mean, spread = float(scores.mean()), float(scores.std())
        scale = spread if spread > 0 else 1.0
        standardised = (scores - mean) / scale
        minimize = require("scipy.optimize", "learn").minimize
        found = minimize(
            _loss, START, (distances, standardised), method="L-BFGS-B", jac=True, bounds=BOUNDS
        )
        amplitude, length_scale, noise = np.exp(found.x)
        covariance = amplitude * matern(distances / length_scale)
        factor = np.linalg.cholesky(covariance + (noise + JITTER) * np.eye(len(scores)))
        weights = np.linalg.solve(factor.T, np.linalg.solve(factor, standardised))
        return cls(amplitude, length_scale, noise, mean, scale, factor, weights)

    def predict(self, distances: Values) -> tuple[Values, Values]:
        """Predict a measurement of other points.

        Parameters
        ----------
        distances : ndarray
            From the points of the fit to others, shape (m, n).

        Returns
        -------
        mean, std : ndarray
            Shape (n,); the standard deviation holds the noise.
        """
        covariance = self.amplitude * matern(distances / self.length_scale)
        mean = covariance.T @ self.weights * self.scale + self.mean
        explained = np.linalg.solve(self.factor, covariance)
        variance = self.amplitude + self.noise - (explained**2).sum(axis=0)
        return mean, np.sqrt(np.maximum(variance, 0.0)) * self.scale


def matern(scaled: Values) -> Values:
    """Return Matérn 5/2 correlations of distances in units of the length scale."""
    steps = ROOT_5 * scaled
    correlations: Values = (1 + steps + steps**2 / 3) * np.exp(-steps)
    return correlations


def _loss(logs: Values, distances: Values, scores: Values) -> tuple[float, Values]:
    """Return the negative log marginal likelihood and its gradient (Rasmussen, Williams, 5.9)."""
    amplitude, length_scale, noise = np.exp(logs)
    n = len(scores)
    steps = ROOT_5 * distances / length_scale
    falls = np.exp(-steps)
    smooth = amplitude * (1 + steps + steps**2 / 3) * falls
    covariance = smooth + (noise + JITTER) * np.eye(n)
    inverse = np.linalg.inv(covariance)
    weights = inverse @ scores
    _, log_determinant = np.linalg.slogdet(covariance)
    loss = 0.5 * (scores @ weights + log_determinant + n * np.log(2 * np.pi))
    inner = np.outer(weights, weights) - inverse
    by_length = amplitude * (steps**2 / 3) * (1 + steps) * falls
    gradient = -0.5 * np.array(
        [(inner * smooth).sum(), (inner * by_length).sum(), noise * np.trace(inner)]
    )
    return float(loss), gradient
