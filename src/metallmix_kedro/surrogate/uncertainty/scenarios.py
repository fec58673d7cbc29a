"""How a new dataset may differ from what is expected of it: as others differ from their average.

The differences are not independent: on one dataset all of a backbone's trials are better than
elsewhere, on another every high learning rate fails. Which five configurations make a good set
depends on just that. Each dataset is one scenario: what its trials scored above the average of the
other datasets, smoothed over the configuration space so that it says something of configurations
that were not tried there; where they were, most of what smoothing leaves is kept. The rest is
noise, drawn anew for each configuration: little for one that was tried there, for others all that
smoothing leaves.
"""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from metallmix_kedro.surrogate.averages.average import ConfigurationAverage, FloatArray
from metallmix_kedro.surrogate.averages.average_fit import fit_averages

Float32Array = npt.NDArray[np.float32]

MOST_SCENARIOS = 20
"""With more datasets than this, some of them stand for all."""
DRAWS = 16
"""Draws of the noise in each scenario."""
_PENALTY = 10.0
"""Trials of one dataset that outweigh a difference they share."""
_OWN_PENALTY = 0.25
"""A fifth of what is left of a measured trial is taken for noise."""


class Scenarios(BaseModel):
    """Ways in which a dataset differs from the average of others.

    Parameters
    ----------
    differences : tuple of ConfigurationAverage
        Measured relative score minus the other datasets' average, smoothed, on one dataset each.
    noise : float
        Standard deviation of what is left of the trials themselves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    differences: tuple[ConfigurationAverage, ...]
    noise: Annotated[float, Field(ge=0)]

    @classmethod
    def fit(cls, table: pd.DataFrame) -> "Scenarios":
        """Smooth the differences of each dataset.

        Parameters
        ----------
        table : pandas.DataFrame
            Columns ``dataset``, `configuration_columns` and ``relative_score``, above the other
            datasets' average. Of more than `MOST_SCENARIOS` datasets, as many are taken, evenly
            by name.
        """
        names = sorted(table["dataset"].unique())
        step = -(-len(names) // MOST_SCENARIOS)
        parts = [table[table["dataset"] == name] for name in names[::step]]
        smoothed = [
            fit_averages(part, np.ones(len(part)), (), _PENALTY, _OWN_PENALTY, own_least=1)[0]
            for part in parts
        ]
        left = [
            part["relative_score"].to_numpy() - one.predict(part)
            for part, one in zip(parts, smoothed, strict=True)
        ]
        return cls(
            differences=tuple(one.overall for one in smoothed),
            noise=float(np.concatenate(left).std()),
        )

    def differences_of(self, frame: pd.DataFrame) -> FloatArray:
        """Return how much better each configuration is than expected, by scenario, without noise.

        Parameters
        ----------
        frame : pandas.DataFrame
            Configurations, n rows; as categories they are looked up faster.

        Returns
        -------
        ndarray
            Shape (scenarios, n).
        """
        return np.array([one.predict(frame) for one in self.differences])

    def noise_of(self, frame: pd.DataFrame) -> FloatArray:
        """Return the standard deviation of each configuration's noise, by scenario.

        Parameters
        ----------
        frame : pandas.DataFrame
            Configurations, n rows; as categories they are looked up faster.

        Returns
        -------
        ndarray
            Shape (scenarios, n).
        """
        tried = np.array([one.knows(frame) for one in self.differences])
        # Of a trial's own worth, the share p / (1 + p) is left, with p the penalty.
        untried = self.noise * (1 + _OWN_PENALTY) / _OWN_PENALTY
        return np.where(tried, self.noise, untried)


def draw_scores(
    predicted: pd.Series, differences: FloatArray, noise: FloatArray, seed: int
) -> Float32Array:
    """Return the relative scores of configurations in each scenario and draw.

    Parameters
    ----------
    predicted : pandas.Series
        What is expected of n configurations.
    differences, noise : ndarray
        From `Scenarios.differences_of` and `Scenarios.noise_of`, shape (scenarios, n).
    seed : int
        Seed of the noise.

    Returns
    -------
    ndarray
        Shape (scenarios x `DRAWS`, n).
    """
    shared = (predicted.to_numpy() + differences).astype(np.float32)
    drawn = np.random.default_rng(seed).standard_normal(
        (len(shared), DRAWS, shared.shape[1]), dtype=np.float32
    )
    drawn *= noise.astype(np.float32)[:, None]
    drawn += shared[:, None]
    return drawn.reshape(-1, shared.shape[1])
