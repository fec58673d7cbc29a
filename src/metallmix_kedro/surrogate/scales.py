"""From the models' scales to the user's: accuracy of a new dataset, seconds on one device."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from metallmix_kedro.history.columns import SCORE
from metallmix_kedro.history.relative import has_score, origin

FloatArray = npt.NDArray[np.float64]


def is_own(trials: pd.DataFrame) -> pd.Series:
    """Say which trials were measured or imported: those a surrogate is judged by.

    Published outcomes are a few picked configurations a dataset, known by backbone alone; they
    teach the surrogate but neither its level nor its intervals.
    """
    return trials["source"] != "published"


class ScoreScale(BaseModel):
    """Level and spread of the accuracy on a dataset never seen.

    ``accuracy = lowest + spread * relative score``. For a new dataset, whose own trials do not
    exist yet, both are the means over the datasets of the history. That is rough, so the interval
    of the accuracy is wide; the order of the configurations does not depend on it.

    Parameters
    ----------
    lowest : float
        Mean over datasets of the lowest accuracy recorded.
    spread : float
        Mean over datasets of highest minus lowest accuracy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lowest: Annotated[float, Field(ge=0, le=1)]
    spread: Annotated[float, Field(ge=0, le=1)]

    @classmethod
    def fit(cls, trials: pd.DataFrame) -> "ScoreScale":
        """Average the ranges of the datasets; published outcomes count only if all are."""
        scored = trials[has_score(trials)]
        own = scored[is_own(scored)]
        used = scored if own.empty else own
        ranges = used.groupby([used["dataset"], origin(used)])[SCORE].agg(["min", "max"])
        return cls(
            lowest=float(ranges["min"].mean()),
            spread=float((ranges["max"] - ranges["min"]).mean()),
        )

    def accuracy(self, relative_score: FloatArray) -> FloatArray:
        """Return accuracies in [0, 1] for relative scores, shape kept."""
        accuracy: FloatArray = np.clip(self.lowest + self.spread * relative_score, 0.0, 1.0)
        return accuracy


class DeviceScale(BaseModel):
    """How much slower or faster each device is than the one whose times are predicted.

    Times of different machines cannot be learned side by side as they are. The logarithm of the
    time is taken as the sum of an effect of the device and effects of strategy and backbone
    (least squares over the means of each combination and dataset, so that a device that was given
    the costly strategies does not seem slow). The time model learns what is left after the
    device's effect; predictions hold for the reference device, on which most own trials ran.
    Trials without a device belong to a device named after their source.

    Parameters
    ----------
    reference : str
        The device whose times are predicted.
    log_effects : dict of str to float
        Device -> natural logarithm of its time divided by the reference device's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    log_effects: dict[str, float]

    @classmethod
    def fit(cls, trials: pd.DataFrame) -> "DeviceScale | None":
        """Estimate the effects; None if no finished trial has a training time."""
        timed = trials[has_time(trials)]
        if timed.empty:
            return None
        own = timed[is_own(timed)]
        counts = device_labels(timed if own.empty else own).value_counts()
        reference = str(counts[counts == counts.max()].index.min())
        cells = (
            timed.assign(device=device_labels(timed), log_time=np.log(timed["training_time_s"]))
            .groupby(["device", "strategy", "backbone", "dataset"], dropna=False)["log_time"]
            .mean()
            .reset_index()
        )
        devices = pd.get_dummies(cells["device"], dtype=float)
        design = np.hstack(
            [devices.to_numpy(), _centred(cells["strategy"]), _centred(cells["backbone"])]
        )
        effects = np.linalg.lstsq(design, cells["log_time"].to_numpy(), rcond=None)[0]
        by_device = dict(zip(devices.columns, effects[: devices.shape[1]], strict=True))
        return cls(
            reference=reference,
            log_effects={
                str(name): float(effect - by_device[reference])
                for name, effect in by_device.items()
            },
        )

    def log_effect(self, trials: pd.DataFrame) -> FloatArray:
        """Return each trial's device effect, shape (n,); an unknown device counts as reference."""
        effects = device_labels(trials).map(self.log_effects).astype(float).fillna(0.0)
        return np.asarray(effects, dtype=np.float64)


def has_time(trials: pd.DataFrame) -> pd.Series:
    """Say which trials finished with a training time above 0."""
    return (trials["status"] == "finished") & (trials["training_time_s"] > 0)


def device_labels(trials: pd.DataFrame) -> pd.Series:
    """Return the device of each trial, or one named after its source where it is not known."""
    return trials["device"].astype("str").fillna("unknown (" + trials["source"] + ")")


def _centred(values: pd.Series) -> FloatArray:
    """Return a column a value, with mean 0 over the known ones and 0 where it is unknown.

    So the level belongs to the devices alone, also where a strategy is not known.
    """
    dummies = pd.get_dummies(values, dtype=float).to_numpy()
    known = values.notna().to_numpy()
    if not known.any():
        return np.asarray(dummies, dtype=np.float64)
    centred: FloatArray = dummies - dummies[known].mean(axis=0)
    centred[~known] = 0.0
    return centred
