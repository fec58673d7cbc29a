"""From the models' scales to the user's: score on a new dataset, seconds on one device."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.declared import titled
from metallmix_kedro.history import NO_SPREAD, SCORE, has_score, origin

FloatArray = npt.NDArray[np.float64]

PROBED = "smallest_probe_accuracy"
"""The feature by which a dataset's level is known best."""


def is_own(trials: pd.DataFrame) -> pd.Series:
    """Say which trials were measured or imported: those a surrogate is judged by.

    Published outcomes are a few picked configurations a dataset, known by backbone alone; they
    teach the surrogate but neither its level nor its intervals.
    """
    return trials["source"] != "published"


def own_or_all(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the own trials (`is_own`), or all where there are none."""
    own = is_own(trials)
    return trials if own.all() or not own.any() else trials[own]


_OF_SCALE = ("dataset", "source", "proposer", SCORE, "n_classes", PROBED)

FEW_DATASETS = 5
"""With fewer datasets than this, a line through them would be noise; their mean is taken."""


class Line(BaseModel):
    """A straight line through datasets, by least squares.

    Parameters
    ----------
    centre, level : float
        Means of x and of y over the datasets.
    slope : float
        Change of y with x; 0 where there are too few datasets or x never changes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    centre: float
    level: float
    slope: float

    @classmethod
    def fit(cls, x: pd.Series, y: pd.Series) -> "Line":
        """Fit y on x, n values each; missing x are left out of the slope."""
        known = x.notna()
        centre = float(x[known].mean()) if known.any() else 0.0
        level = float(y.mean())
        if known.sum() < FEW_DATASETS or not x[known].std() > 0:
            return cls(centre=centre, level=level, slope=0.0)
        slope = float(np.polyfit(x[known] - centre, y[known], 1)[0])
        return cls(centre=centre, level=float(y[known].mean()), slope=slope)

    def at(self, x: pd.Series) -> FloatArray:
        """Return y at x; where x is missing, the level."""
        offset = (x.astype("float64") - self.centre).fillna(0.0).to_numpy()
        return np.asarray(self.level + self.slope * offset, dtype=np.float64)


def _chance(trials: pd.DataFrame) -> pd.Series:
    """Return the score of a guess; missing where the number of classes is not declared."""
    if "n_classes" not in trials:
        return pd.Series(np.nan, index=trials.index)
    return 1 / trials["n_classes"].astype("float64")


class ScoreScale(BaseModel):
    """Worst and best score to be expected on a dataset never seen.

    ``score = lowest + (highest - lowest) * relative score``. The lowest follows from chance,
    1 / number of classes. So does the highest, as long as nobody looked at the images; a linear
    probe says far more. The order of the configurations does not depend on either.

    Parameters
    ----------
    lowest, highest : Line
        Lowest and highest score recorded on a dataset, over chance.
    highest_by_probe : Line or None
        The highest over the accuracy of the smallest backbone's linear probe; None where too few
        datasets were probed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lowest: Line
    highest: Line
    highest_by_probe: Line | None

    @classmethod
    def fit(cls, trials: pd.DataFrame) -> "ScoreScale":
        """Fit the lines to the datasets' ranges; published outcomes count only if all are."""
        columns = [name for name in _OF_SCALE if name in trials]
        used = own_or_all(trials.loc[has_score(trials), columns])
        keys = [used["dataset"], origin(used)]
        groups = used.groupby(keys, observed=True)
        ranges = groups[SCORE].agg(["min", "max"])
        chance = _chance(used).groupby(keys, observed=True).first()
        probed = pd.Series(np.nan, index=ranges.index)
        if PROBED in used:
            probed = groups[PROBED].max().astype("float64")
        by_probe = Line.fit(probed, ranges["max"]) if probed.notna().any() else None
        return cls(
            lowest=Line.fit(chance, ranges["min"]),
            highest=Line.fit(chance, ranges["max"]),
            highest_by_probe=by_probe if by_probe is not None and by_probe.slope != 0 else None,
        )

    def score(self, relative_score: FloatArray, frame: pd.DataFrame) -> FloatArray:
        """Return scores in [0, 1] for relative scores of trials or candidates, shape (n,)."""
        lowest, spread = self._range(frame)
        return np.asarray(np.clip(lowest + spread * relative_score, 0.0, 1.0))

    def relative_score(self, score: FloatArray, frame: pd.DataFrame) -> FloatArray:
        """Return relative scores for scores in [0, 1] of trials, shape (n,).

        The range is the predicted one, so that they may leave [0, 1]; where it is empty, they are
        `NO_SPREAD`.
        """
        lowest, spread = self._range(frame)
        known = np.where(spread > 0, spread, 1.0)
        return np.where(spread > 0, (score - lowest) / known, NO_SPREAD)

    def _range(self, frame: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
        """Return the lowest score to be expected, and how far above it the highest is."""
        chance = _chance(frame)
        lowest, highest = self.lowest.at(chance), self.highest.at(chance)
        if self.highest_by_probe is not None and PROBED in frame:
            probed = frame[PROBED].astype("float64")
            highest = np.where(probed.notna(), self.highest_by_probe.at(probed), highest)
        lowest = np.clip(lowest, 0.0, 1.0)
        return lowest, np.maximum(highest - lowest, 0.0)


class DeviceScale(BaseModel):
    """How much slower or faster each device is than the one whose times are predicted.

    Times of different machines cannot be learned side by side as they are. The logarithm of the
    time is taken as the sum of an effect of the device and effects of what titles a configuration
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
        costly = titled()[::-1]
        keys = ["device", *costly, "dataset"]
        timed = trials.loc[has_time(trials), [*keys, "source", "training_time_s"]]
        if timed.empty:
            return None
        counts = device_labels(own_or_all(timed)).value_counts()
        reference = min(str(name) for name in counts[counts == counts.max()].index)
        cells = (
            timed.assign(device=device_labels(timed), log_time=np.log(timed["training_time_s"]))
            .groupby(keys, dropna=False, observed=True)["log_time"]
            .mean()
            .reset_index()
            .astype(dict.fromkeys(keys, "str"))
        )
        devices = pd.get_dummies(cells["device"], dtype=float)
        design = np.hstack([devices.to_numpy(), *(_centred(cells[name]) for name in costly)])
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
        labels = device_labels(trials).cat
        effects = np.array([self.log_effects.get(name, 0.0) for name in labels.categories])
        return np.asarray(effects[labels.codes.to_numpy()], dtype=np.float64)


def has_time(trials: pd.DataFrame) -> pd.Series:
    """Say which trials finished with a training time above 0."""
    return (trials["status"] == "finished") & (trials["training_time_s"] > 0)


def device_labels(trials: pd.DataFrame) -> pd.Series:
    """Return the device of each trial, or one named after its source where it is not known.

    Returns
    -------
    pandas.Series of category
        On the trials' index; a category no trial has may be among them.
    """
    devices, sources = (trials[name].astype("category").cat for name in ("device", "source"))
    names = [str(name) for name in devices.categories]
    names += [f"unknown ({name})" for name in sources.categories]
    known, source = devices.codes.to_numpy(), sources.codes.to_numpy().astype(np.int64)
    codes = np.where(known < 0, len(devices.categories) + source, known)
    return pd.Series(pd.Categorical(names).take(codes), index=trials.index)


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
