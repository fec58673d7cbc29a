"""How the surrogate may be wrong about a new dataset: as it was about those it had not seen.

Its errors are not independent: on one dataset all of a backbone's trials are better than predicted,
on another every high learning rate fails. Which five configurations make a good set depends on
just that. Each left-out dataset is one scenario: the errors on it, smoothed over the configuration
space so that they say something of configurations that were not tried there. What smoothing leaves
is noise, drawn anew for each configuration.
"""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from metallmix_kedro.probes.parameters import ProbeLevel
from metallmix_kedro.surrogate.average import ConfigurationAverage, fit_averages

Errors = dict[ProbeLevel, pd.DataFrame]
"""How much of left-out datasets was shown to be probed -> residuals, a row a trial."""

MOST_SCENARIOS = 20
"""With more datasets than this, some of them stand for all."""
DRAWS = 16
"""Draws of the noise in each scenario."""
_PENALTY = 10.0
"""Trials of one dataset that outweigh an error they share."""


class Scenarios(BaseModel):
    """Ways in which predicted and measured relative scores differ.

    Parameters
    ----------
    errors : tuple of ConfigurationAverage
        Measured minus predicted on one left-out dataset each, smoothed.
    noise : float
        Standard deviation of what smoothing leaves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    errors: tuple[ConfigurationAverage, ...]
    noise: Annotated[float, Field(ge=0)]

    @classmethod
    def fit(cls, errors: Errors) -> "Scenarios":
        """Smooth the errors on each left-out dataset.

        Parameters
        ----------
        errors : dict
            The deepest level counts: columns ``dataset``, `CONFIGURATION_COLUMNS` and
            ``relative_score``, measured minus predicted. Of more than `MOST_SCENARIOS` datasets,
            as many are taken, evenly by name.
        """
        table = list(errors.values())[-1]
        names = sorted(table["dataset"].unique())
        step = -(-len(names) // MOST_SCENARIOS)
        parts = [table[table["dataset"] == name] for name in names[::step]]
        smoothed = [fit_averages(part, np.ones(len(part)), (), _PENALTY)[0] for part in parts]
        left = [
            part["relative_score"].to_numpy() - one.predict(part)
            for part, one in zip(parts, smoothed, strict=True)
        ]
        return cls(errors=tuple(smoothed), noise=float(np.concatenate(left).std()))

    def scores(
        self, frame: pd.DataFrame, predicted: pd.Series, seed: int
    ) -> npt.NDArray[np.float32]:
        """Return the relative scores of configurations in each scenario and draw.

        Parameters
        ----------
        frame : pandas.DataFrame
            Configurations, n rows.
        predicted : pandas.Series
            Their predicted relative scores.
        seed : int
            Seed of the noise.

        Returns
        -------
        ndarray
            Shape (scenarios x `DRAWS`, n).
        """
        shared = np.array([predicted.to_numpy() + one.predict(frame) for one in self.errors])
        shape = (len(self.errors) * DRAWS, len(frame))
        noise = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
        return np.repeat(shared.astype(np.float32), DRAWS, axis=0) + np.float32(self.noise) * noise
