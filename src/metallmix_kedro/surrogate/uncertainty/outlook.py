"""What is expected of configurations on one dataset, and what trials on it change.

Before any trial, the outlook is the surrogate's prediction, and its scenarios say in which ways a
dataset may differ from it: all of a backbone's trials may be better, every high learning rate may
fail. So one trial tells of others, too. Seen as a Gaussian process whose mean is the prediction
and whose covariance is that of the scenarios, the outlook after some trials is its posterior
(Rasmussen and Williams, "Gaussian processes for machine learning", 2006, equation 2.19). Draws are
conditioned one by one (Matheron's rule; Wilson et al., "Efficiently sampling functions from
Gaussian process posteriors", ICML 2020), so that what a further trial would add can be read off
them as before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.surrogate.uncertainty.scenarios import Float32Array, Scenarios, draw_scores

FloatArray = npt.NDArray[np.float64]

COMMON = 0.15
"""Standard deviation of what all configurations of a dataset share: its range is only guessed."""
TRIAL_NOISE = 0.1
"""Standard deviation by which a trial misses its configuration's worth: other folds, other luck."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Relative scores to be expected of n configurations on one dataset.

    Parameters
    ----------
    mean : ndarray
        What is expected, shape (n,).
    draws : ndarray
        What it may be instead, shape (m, n).
    differences : ndarray
        The smooth part of it, one row a dataset known, shape (d, n): their mean square is the
        covariance.
    noise : ndarray
        Standard deviation of what is each configuration's own, shape (n,).
    """

    mean: FloatArray
    draws: Float32Array
    differences: FloatArray
    noise: FloatArray

    @classmethod
    def before(
        cls, scenarios: Scenarios, frame: pd.DataFrame, predicted: pd.Series, seed: int
    ) -> "Outlook":
        """Return the outlook before any trial.

        Parameters
        ----------
        scenarios : Scenarios
            How datasets differ from what is predicted of them.
        frame : pandas.DataFrame
            Configurations, n rows.
        predicted : pandas.Series
            Their predicted relative scores.
        seed : int
            Seed of the noise.
        """
        # Each scenario looks the same values up: as categories they are few.
        known = frame[list(configuration_columns())].astype("category")
        differences, noise = scenarios.differences_of(known), scenarios.noise_of(known)
        return cls(
            mean=predicted.to_numpy(dtype=np.float64),
            draws=draw_scores(predicted, differences, noise, seed),
            differences=differences,
            noise=np.sqrt((noise**2).mean(axis=0)),
        )

    def after(self, tried: Sequence[int], scores: FloatArray, seed: int) -> "Outlook":
        """Return the outlook after some trials; call it on the outlook before any.

        Parameters
        ----------
        tried : sequence of int
            Positions of the configurations that were tried, k of them; one may be there twice.
        scores : ndarray
            Their relative scores, shape (k,).
        seed : int
            Seed of the trials' noise.

        Returns
        -------
        Outlook
            Of the same configurations; itself without a trial.
        """
        if not len(tried):
            return self
        places = list(tried)
        shared = self.differences[:, places].T @ self.differences / len(self.differences)
        same = np.equal.outer(places, np.arange(len(self.mean)))
        covariance = shared + COMMON**2 + self.noise[places, None] ** 2 * same
        among = covariance[:, places] + TRIAL_NOISE**2 * np.eye(len(places))
        gain = np.linalg.solve(among, covariance)
        rng = np.random.default_rng(seed)
        level = COMMON * rng.standard_normal((len(self.draws), 1))
        luck = TRIAL_NOISE * rng.standard_normal((len(self.draws), len(places)))
        drawn = self.draws + level
        return Outlook(
            mean=self.mean + (scores - self.mean[places]) @ gain,
            draws=(drawn + (scores - drawn[:, places] - luck) @ gain).astype(np.float32),
            differences=self.differences,
            noise=self.noise,
        )

    def chance_to_beat(self, reference: int) -> FloatArray:
        """Return the probability that each configuration scores above one of them, shape (n,).

        Parameters
        ----------
        reference : int
            Position of that one; its own probability is 0.
        """
        above = self.draws > self.draws[:, [reference]]
        return np.asarray(above.mean(axis=0), dtype=np.float64)
