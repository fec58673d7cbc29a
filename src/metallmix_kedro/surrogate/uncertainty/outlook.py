"""What is expected of configurations on one dataset, and what trials on it change.

Before any trial, the outlook is the surrogate's prediction, and its spread says what configurations
have in common where a dataset differs from it. So one trial tells of others, too: the outlook is a
Gaussian process whose mean is the prediction, and after some trials its posterior (Rasmussen and
Williams, "Gaussian processes for machine learning", 2006, equations 2.23 and 2.24).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from metallmix_kedro.surrogate.uncertainty.spread import Spread

FloatArray = npt.NDArray[np.float64]

COMMON = 0.3
"""Standard deviation of what all configurations of a dataset share: its range is only guessed."""
LUCK = 0.5
"""Share of what is a configuration's own that is taken for the luck of its trial: other folds."""
LEAST_OWN = 0.02**2
"""Least variance of what is a configuration's own: nothing is known without error."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Relative scores to be expected of n configurations on one dataset.

    Parameters
    ----------
    mean : ndarray
        What is expected, shape (n,).
    loadings : ndarray
        What they share, a row a random effect, shape (k, n), from `Spread.loadings`.
    own : float
        Variance of what is each configuration's own, with the luck of a trial.
    learned : ndarray
        What trials have made certain, shape (n, number of trials): its products are what the
        covariances have lost.
    """

    mean: FloatArray
    loadings: FloatArray
    own: float
    learned: FloatArray

    @classmethod
    def before(cls, spread: Spread, frame: pd.DataFrame, predicted: pd.Series) -> "Outlook":
        """Return the outlook before any trial.

        Parameters
        ----------
        spread : Spread
            How datasets differ from what is predicted of them.
        frame : pandas.DataFrame
            Configurations, n rows, none twice.
        predicted : pandas.Series
            Their predicted relative scores.
        """
        return cls(
            mean=predicted.to_numpy(dtype=np.float64),
            loadings=np.vstack([spread.loadings(frame), np.full((1, len(frame)), COMMON)]),
            own=max(spread.own, LEAST_OWN),
            learned=np.zeros((len(frame), 0)),
        )

    def after(self, tried: Sequence[int], scores: FloatArray) -> "Outlook":
        """Return the outlook after some trials; call it on the outlook before any.

        Parameters
        ----------
        tried : sequence of int
            Positions of the configurations that were tried; one may be there twice.
        scores : ndarray
            Their relative scores, one each.

        Returns
        -------
        Outlook
            Of the same configurations; itself without a trial.
        """
        if not len(tried):
            return self
        places = list(tried)
        covariance = self.covariance(places)
        # A trial repeated is another draw of its luck.
        among = covariance[places] + LUCK * self.own * np.eye(len(places))
        root = np.linalg.cholesky(among)
        learned = np.linalg.solve(root, covariance.T).T
        surprise = np.linalg.solve(root, scores - self.mean[places])
        return replace(self, mean=self.mean + learned @ surprise, learned=learned)

    def covariance(self, places: Sequence[int]) -> FloatArray:
        """Return the covariances of all configurations with some, shape (n, len(places))."""
        some = list(places)
        same = np.equal.outer(np.arange(len(self.mean)), some)
        shared = self.loadings.T @ self.loadings[:, some] + (1 - LUCK) * self.own * same
        return shared - self.learned @ self.learned[some].T

    def draws(self, places: Sequence[int], count: int, seed: int) -> FloatArray:
        """Draw what some configurations may be worth together, shape (count, len(places))."""
        some = list(places)
        covariance = self.covariance(some)[some]
        # What repeated trials have made certain has no variance left to be drawn by.
        root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(some)))
        noise = np.random.default_rng(seed).standard_normal((count, len(some)))
        drawn: FloatArray = self.mean[some] + noise @ root.T
        return drawn

    def above(self, reference: int) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation of each one's lead on one of them, shape (n,) both."""
        variance = (
            (self.loadings**2).sum(axis=0) + (1 - LUCK) * self.own - (self.learned**2).sum(axis=1)
        )
        with_it = self.covariance([reference])[:, 0]
        lead = self.mean - self.mean[reference]
        spread = np.sqrt(np.maximum(variance + variance[reference] - 2 * with_it, 0.0))
        return lead, spread

    def chance_to_beat(self, reference: int) -> FloatArray:
        """Return the probability that each configuration scores above one of them, shape (n,).

        Parameters
        ----------
        reference : int
            Position of that one; its own probability is 0.
        """
        lead, spread = self.above(reference)
        certain = (lead > 0).astype(np.float64)
        return np.where(spread > 0, ndtr(lead / np.where(spread > 0, spread, 1.0)), certain)

    def expected_gain(self, reference: int) -> FloatArray:
        """Return by how much each is expected to raise the best of it and one of them, shape (n,).

        Parameters
        ----------
        reference : int
            Position of that one: the best that was tried.
        """
        lead, spread = self.above(reference)
        return expected_improvement(lead, spread, 0.0)


def expected_improvement(mean: FloatArray, std: FloatArray, best: float) -> FloatArray:
    """Return the expected improvement over the best score so far, shape (n,), at least 0.

    Jones, Schonlau and Welch, "Efficient global optimization of expensive black-box functions",
    1998, equation 15.

    Parameters
    ----------
    mean, std : ndarray
        Predicted mean and standard deviation, shape (n,).
    best : float
        Highest score seen.
    """
    scale = np.where(std > 0, std, 1.0)
    z = (mean - best) / scale
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    improvement = np.where(std > 0, (mean - best) * ndtr(z) + scale * density, mean - best)
    return np.maximum(improvement, 0.0)
