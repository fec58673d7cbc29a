"""Intervals calibrated on whole datasets that were left out.

Trials of one dataset are alike: residuals on random rows cover far fewer trials of a new dataset
than they promise. The exchangeable unit is the dataset. Each dataset is predicted by a model that
never saw it, and the absolute residuals are pooled with every dataset weighing the same, as in the
pooled distribution functions of Dunn, Wasserman and Ramdas ("Distribution-free prediction sets for
two-layer hierarchical models", JASA, 2022).

Which quantile of the pool covers the wanted share of a *new* dataset's trials? A guarantee for any
distribution (Lee, Barber and Willett, "Distribution-free inference with hierarchical data", 2023,
give the new dataset a weight of 1 / (K + 1) at infinity) takes a quantile so high that with a dozen
datasets it covers 97 % where 90 % were asked. Here the quantile is calibrated too: it is the lowest
for which the intervals made of the other datasets' residuals cover the wanted share, on average
over the datasets. What it covers on datasets that took no part in any of this stands in the report
of the leave-one-dataset-out predictions.
"""

from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from metallmix_kedro.meta_features import ProbeLevel
from metallmix_kedro.surrogate.uncertainty.probe_levels import LEVELS

HalfWidth = Annotated[float, Field(ge=0)]
FloatArray = npt.NDArray[np.float64]

SCALES = ("relative_score", "score", "log_training_time")
"""What has an interval."""

_STEPS = 201
"""Quantiles tried between 0 and 1."""


HalfWidths = dict[str, HalfWidth | None]
"""Half width of the interval on each of `SCALES`; that of times is None if no time is known."""


class Calibration(BaseModel):
    """Half widths of the surrogate's intervals, and what they promise.

    Parameters
    ----------
    level : float
        Share of a new dataset's trials that the intervals shall cover.
    n_datasets : int
        Datasets whose residuals were pooled, each predicted without having been seen.
    guarantee : str
        What holds with that many datasets, in words.
    widths : dict
        Half widths by how much of a target was probed.
    unmeasured : dict
        The same for backbones that the history holds no trial of, never narrower; empty where
        too few backbones were measured to tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Annotated[float, Field(gt=0, lt=1)]
    n_datasets: Annotated[int, Field(ge=1)]
    guarantee: str
    widths: dict[ProbeLevel, HalfWidths]
    unmeasured: dict[ProbeLevel, HalfWidths] = {}

    def at(self, level: ProbeLevel, measured: bool = True) -> HalfWidths:
        """Return the half widths for what is known of a target by probes, or for less.

        Parameters
        ----------
        level : str
            How much of the target was probed.
        measured : bool
            Whether the history holds trials of the backbone.
        """
        widths = self.widths if measured else self.unmeasured or self.widths
        known = LEVELS[: LEVELS.index(level) + 1]
        return next(widths[one] for one in reversed(known) if one in widths)


def half_width(residuals: pd.Series, datasets: pd.Series, level: float) -> float | None:
    """Return the half width that covers the given share of a new dataset's trials.

    Parameters
    ----------
    residuals : pandas.Series of float
        Measured minus predicted, n values; missing ones do not count.
    datasets : pandas.Series of str
        The dataset of each residual; every dataset weighs the same.
    level : float
        Share to cover, in (0, 1).

    Returns
    -------
    float or None
        None without a single residual.
    """
    sizes = residuals.abs().dropna()
    if sizes.empty:
        return None
    pool = _Pool.of(sizes.to_numpy(dtype=np.float64), datasets.loc[sizes.index])
    quantiles = np.linspace(0.0, 1.0, _STEPS)
    # A hair below the level is rounding, not a miss.
    enough = np.flatnonzero(pool.cross_coverage(quantiles) >= level - 1e-9)
    quantile = float(quantiles[enough[0]]) if len(enough) else 1.0
    return float(pool.quantiles(np.array([quantile]))[0])


class _Pool(NamedTuple):
    """Residuals of all datasets, sorted once: ``sizes``, and the ``owners`` they belong to."""

    sizes: FloatArray
    owners: npt.NDArray[np.int64]
    n_datasets: int

    @classmethod
    def of(cls, sizes: FloatArray, datasets: pd.Series) -> "_Pool":
        owners, names = pd.factorize(datasets, sort=True)
        # Of equals, those of the first dataset come first.
        order = np.lexsort((owners, sizes))
        return cls(sizes[order], np.asarray(owners[order], dtype=np.int64), len(names))

    def cross_coverage(self, quantiles: FloatArray) -> FloatArray:
        """Return the mean share of a dataset's residuals below quantiles of the others'.

        Of one dataset alone, its own residuals are all there is.
        """
        shares = []
        for number in range(self.n_datasets):
            is_own = self.owners == number
            own = self.sizes[is_own]
            others = self if self.n_datasets == 1 else self.without(is_own)
            widths = others.quantiles(quantiles)
            shares.append(np.searchsorted(own, widths, side="right") / len(own))
        return np.asarray(np.mean(shares, axis=0), dtype=np.float64)

    def without(self, is_out: npt.NDArray[np.bool_]) -> "_Pool":
        """Return the pool without one dataset's residuals."""
        return _Pool(self.sizes[~is_out], self.owners[~is_out], self.n_datasets - 1)

    def quantiles(self, shares: FloatArray) -> FloatArray:
        """Return the smallest residuals below which these shares lie, all datasets alike."""
        below = np.cumsum(1 / np.bincount(self.owners)[self.owners]) / self.n_datasets
        # Sums of weights are off by rounding; a share of 1 must find the last residual.
        positions = np.searchsorted(below, shares - 1e-9)
        return np.asarray(self.sizes[np.minimum(positions, len(self.sizes) - 1)])


def calibrate(
    residuals: dict[ProbeLevel, pd.DataFrame],
    level: float,
    hidden: dict[ProbeLevel, pd.DataFrame] | None = None,
) -> Calibration:
    """Make the intervals out of residuals on datasets that were left out.

    Parameters
    ----------
    residuals : dict of str to pandas.DataFrame
        How much of the datasets was shown to be probed -> columns ``dataset``, ``relative_score``,
        ``score``, ``log_training_time``: measured minus predicted, a row a trial; a unique index.
    level : float
        Share to cover, in (0, 1).
    hidden : dict, optional
        The same for trials of a backbone that the model has not seen either.
    """
    first = next(iter(residuals.values()))
    n_datasets = int(first["dataset"].nunique())
    widths = {probed: _half_widths(table, level) for probed, table in residuals.items()}
    guarantee = (
        f"Made of the residuals on the other {n_datasets - 1} datasets, the intervals cover "
        f"{level:g} of the trials of a dataset that was left out, on average over the "
        f"{n_datasets} of the history; of one that is unlike them all they may cover less."
        if n_datasets > 1
        else "A single dataset was left out: the intervals cover its own residuals, no more."
    )
    unmeasured = {
        probed: _at_least(widths[probed], _half_widths(table, level))
        for probed, table in (hidden or {}).items()
    }
    return Calibration(
        level=level,
        n_datasets=n_datasets,
        guarantee=guarantee,
        widths=widths,
        unmeasured=unmeasured,
    )


def _half_widths(residuals: pd.DataFrame, level: float) -> HalfWidths:
    return {name: half_width(residuals[name], residuals["dataset"], level) for name in SCALES}


def _at_least(least: HalfWidths, wanted: HalfWidths) -> HalfWidths:
    """Return the wider of each pair: knowing less is no reason for a narrower interval."""
    pairs = {name: (least[name], wanted[name]) for name in SCALES}
    known = {name: [one for one in pair if one is not None] for name, pair in pairs.items()}
    return {name: max(pair, default=None) for name, pair in known.items()}
