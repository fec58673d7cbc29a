"""Intervals calibrated on whole datasets that were left out.

Trials of one dataset are alike: residuals on random rows cover far fewer trials of a new dataset
than they promise. The exchangeable unit is the dataset. Each dataset is predicted by a model that
never saw it, and the absolute residuals are pooled with every dataset weighing the same: the
hierarchical conformal interval of Dunn, Wasserman and Ramdas ("Distribution-free prediction sets
for two-layer hierarchical models", JASA, 2022; their pooled distribution functions) and of Lee,
Barber and Willett ("Distribution-free inference with hierarchical data", 2023), who give the new
dataset a weight of 1 / (K + 1) at infinity.

What that guarantees with K datasets, all drawn like the target: where ``level (K + 1) / K <= 1``
(9 datasets or more for 0.9), a trial of a new dataset lies inside with probability of at least
``level``, if the model that predicts it is as good as those that were calibrated, each of which
saw one dataset less. With fewer datasets only an infinite interval would keep that promise. The
plain pooled quantile is used instead: it covers `level` of the left-out trials the history has, no
promise goes with it, and the card says so. What it really covers on datasets that took no part in
it stands in the report of the leave-one-dataset-out predictions.
"""

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

HalfWidth = Annotated[float, Field(ge=0)]


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
    relative_score, score : float
        Half widths on the scale of the relative score and of the accuracy.
    log_training_time : float or None
        Half width of the natural logarithm of the training time; None if no time is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Annotated[float, Field(gt=0, lt=1)]
    n_datasets: Annotated[int, Field(ge=1)]
    guarantee: str
    relative_score: HalfWidth
    score: HalfWidth
    log_training_time: HalfWidth | None


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
    sizes = residuals.abs().dropna().sort_values(kind="stable")
    if sizes.empty:
        return None
    owners = datasets.loc[sizes.index]
    n_datasets = owners.nunique()
    weights = 1.0 / (n_datasets * owners.map(owners.value_counts()).to_numpy(dtype=float))
    corrected = _corrected_level(level, n_datasets)
    wanted = level if corrected > 1 else corrected
    # Sums of weights are off by rounding; a wanted share of 1 must find the last residual.
    position = int(np.searchsorted(np.cumsum(weights), wanted - 1e-9))
    return float(sizes.iloc[min(position, len(sizes) - 1)])


def calibrate(residuals: pd.DataFrame, level: float) -> Calibration:
    """Make the intervals out of residuals on datasets that were left out.

    Parameters
    ----------
    residuals : pandas.DataFrame
        Columns ``dataset``, ``relative_score``, ``score``, ``log_training_time``: measured minus
        predicted, a row a trial; a unique index.
    level : float
        Share to cover, in (0, 1).
    """
    n_datasets = int(residuals["dataset"].nunique())
    widths = {
        name: half_width(residuals[name], residuals["dataset"], level)
        for name in ("relative_score", "score", "log_training_time")
    }
    return Calibration(
        level=level, n_datasets=n_datasets, guarantee=_guarantee(level, n_datasets), **widths
    )


def _corrected_level(level: float, n_datasets: int) -> float:
    """Share to cover of K datasets, for a new one that is one of K + 1, its residual infinite."""
    return level * (n_datasets + 1) / n_datasets


def _guarantee(level: float, n_datasets: int) -> str:
    if _corrected_level(level, n_datasets) <= 1:
        return (
            f"A trial of a new dataset, drawn like the {n_datasets} of the history, lies inside "
            f"with probability of at least {level:g}, up to the difference between a model of all "
            "datasets and one of all but one."
        )
    return (
        f"{n_datasets} datasets are too few to promise {level:g} for a new one: the intervals "
        f"cover {level:g} of the trials on datasets that were left out, each dataset counting once."
    )
