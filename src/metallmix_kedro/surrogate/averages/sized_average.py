"""What a configuration is worth on average with so many training images.

Which configuration is good changes with the size of the training set more than with anything else
that is known of a dataset: fine-tuning all layers pays from some hundred images on. So the average
over all trials (`average.ConfigurationAverage`) is corrected by what trials of a similar size say
of it. Between the sizes it is interpolated on the logarithm, as by a linear spline.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.history import N_TRAIN
from metallmix_kedro.surrogate.averages.average import ConfigurationAverage, FloatArray


class SizedAverage(BaseModel):
    """The average over all sizes of the training set, and its correction at some of them.

    Parameters
    ----------
    overall : ConfigurationAverage
        Over all trials.
    sizes : tuple of float
        Sizes of the training set, ascending; empty where the history has one, or tells none.
    corrections : tuple of ConfigurationAverage
        What is added to the average at each of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    overall: ConfigurationAverage
    sizes: tuple[float, ...] = ()
    corrections: tuple[ConfigurationAverage, ...] = ()

    @property
    def levels(self) -> dict[str, tuple[str | float, ...]]:
        """The values of each hyperparameter that have an effect."""
        return self.overall.levels

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return the averages of configurations, shape (n,), at their rows' ``n_train``."""
        total = self.overall.predict(frame)
        for share, correction in zip(self._shares(frame), self.corrections, strict=True):
            total += share * correction.predict(frame)
        return total

    def contributions(self, frame: pd.DataFrame) -> tuple[FloatArray, pd.DataFrame]:
        """Divide the averages among the hyperparameters (`ConfigurationAverage.contributions`).

        Parameters
        ----------
        frame : pandas.DataFrame
            Columns `configuration_columns`, and ``n_train`` where it is known; n rows.

        Returns
        -------
        base : ndarray
            The mean over the background at each row's size, shape (n,).
        contributions : pandas.DataFrame
            A column a hyperparameter; base and row sum to the average.
        """
        mean, table = self.overall.contributions(frame)
        base = np.full(len(frame), mean)
        for share, correction in zip(self._shares(frame), self.corrections, strict=True):
            more, shares = correction.contributions(frame)
            base += share * more
            table += shares.mul(share, axis=0)
        return base, table

    def _shares(self, frame: pd.DataFrame) -> FloatArray:
        return size_shares(training_sizes(frame), self.sizes)


def training_sizes(frame: pd.DataFrame) -> FloatArray:
    """Return how many instances train each trial or candidate, shape (n,); NaN: not known."""
    if N_TRAIN not in frame:
        return np.full(len(frame), np.nan)
    return frame[N_TRAIN].to_numpy(dtype=np.float64, na_value=np.nan)


def size_shares(n_train: npt.NDArray[np.float64], sizes: Sequence[float]) -> FloatArray:
    """Say how much each size counts for trials: shares between the two sizes around a trial's.

    Parameters
    ----------
    n_train : ndarray
        Training images of the trials, shape (n,); NaN where it is not known.
    sizes : sequence of float
        Ascending, k of them.

    Returns
    -------
    ndarray
        Shape (k, n); each column sums to 1, or is 0 where the size is not known.

    Examples
    --------
    >>> size_shares(np.array([50.0, 200.0]), (100.0, 400.0)).tolist()
    [[1.0, 0.5], [0.0, 0.5]]
    """
    known = np.log(np.nan_to_num(np.maximum(n_train, 1.0), nan=1.0))
    places = np.log(np.asarray(sizes, dtype=np.float64))
    shares = [np.interp(known, places, corner) for corner in np.eye(len(places))]
    table = np.array(shares).reshape(len(places), len(n_train))
    return np.where(np.isnan(n_train), 0.0, table)
