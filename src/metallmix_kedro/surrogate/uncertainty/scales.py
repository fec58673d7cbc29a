"""From the models' scales to the user's: score on a new dataset, seconds on one device."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.declared import titled
from metallmix_kedro.history import N_TRAIN, NO_SPREAD, SCORE, has_score, range_keys

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


_OF_SCALE = ("dataset", "source", "proposer", "level", SCORE, "n_classes", N_TRAIN, PROBED)

FEW_DATASETS = 5
"""With fewer datasets than this, a line through them would be noise; their mean is taken."""
_BEYOND = (0.01, 0.995)
"""Scores outside have no log-odds worth a line."""
_PENALTY = 0.3
"""Datasets that outweigh a slope."""
_ALIKE = 1e-6
"""A spread of logarithms that is rounding: the datasets do not differ, and there is no slope."""


class Line(BaseModel):
    """The log-odds of a score as a straight line of what is known of datasets, by ridge regression.

    Parameters
    ----------
    level : float
        Log-odds of a dataset of which nothing is known.
    centres, slopes : dict of str to float
        Of each feature its mean over datasets, and what one more of it changes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: float
    centres: dict[str, float]
    slopes: dict[str, float]

    @classmethod
    def fit(cls, known: pd.DataFrame, score: pd.Series, datasets: pd.Series) -> "Line":
        """Fit scores on features.

        Parameters
        ----------
        known : pandas.DataFrame
            Features, n rows; a missing one counts as the mean.
        score : pandas.Series
            In [0, 1], n values.
        datasets : pandas.Series
            To which dataset each row belongs; all datasets weigh the same.
        """
        weights = (1 / datasets.map(datasets.value_counts())).to_numpy(dtype=np.float64)
        odds = _log_odds(score).to_numpy(dtype=np.float64)
        level = float(np.average(odds, weights=weights))
        spread = known.std(ddof=0)
        varied = list(spread.index[spread > _ALIKE]) if datasets.nunique() >= FEW_DATASETS else []
        centres, scales = known[varied].mean(), spread[varied]
        design = ((known[varied] - centres) / scales).fillna(0.0).to_numpy(dtype=np.float64)
        design = np.column_stack([np.ones(len(known)), design])
        penalty = np.diag([0.0, *[_PENALTY] * len(varied)])
        normal = (design.T * weights) @ design + penalty
        level, *slopes = np.linalg.solve(normal, (design.T * weights) @ odds).tolist()
        return cls(
            level=level,
            centres={str(name): float(value) for name, value in centres.items()},
            slopes=dict(zip(varied, (np.array(slopes) / scales.to_numpy()).tolist(), strict=True)),
        )

    def at(self, known: pd.DataFrame) -> FloatArray:
        """Return scores in [0, 1] at features, shape (n,)."""
        odds = np.full(len(known), self.level)
        for name, slope in self.slopes.items():
            offset = (known[name] - self.centres[name]).fillna(0.0)
            odds += slope * offset.to_numpy(dtype=np.float64)
        return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)


def _log_odds(score: pd.Series) -> pd.Series:
    clipped = score.astype("float64").clip(*_BEYOND)
    return pd.Series(np.log(clipped / (1 - clipped)))


def _known(trials: pd.DataFrame) -> pd.DataFrame:
    """Return what tells how high scores are: classes and training set on a log scale, a probe."""
    known = trials.reindex(columns=["n_classes", N_TRAIN, PROBED]).astype("float64")
    return pd.DataFrame(
        {
            "log_n_classes": np.log(known["n_classes"]),
            "log_n_train": np.log(known[N_TRAIN]),
            "probe_log_odds": _log_odds(known[PROBED]),
        }
    )


_BY_CARD, _BY_PROBE = ["log_n_classes", "log_n_train"], ["probe_log_odds", "log_n_train"]


class ScoreScale(BaseModel):
    """Worst and best score to be expected on a dataset never seen.

    ``score = lowest + (highest - lowest) * relative score``. Both follow from the number of classes
    and of training images, as long as nobody looked at the images; a linear probe says far more of
    the highest. The order of the configurations does not depend on either.

    Parameters
    ----------
    lowest, highest : Line
        Lowest and highest score recorded on a dataset with so many training images.
    highest_by_probe : Line or None
        The highest where a linear probe of the smallest backbone is known; None where too few
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
        known = _known(used)
        keys = [used["dataset"].astype("str"), *range_keys(used)]
        groups = used[SCORE].groupby(keys, observed=True, dropna=False)
        ranges = groups.agg(["min", "max"])
        known = known.groupby(keys, observed=True, dropna=False).mean()
        datasets = ranges.index.to_frame()["dataset"]
        probed = known["probe_log_odds"].notna()
        by_probe = None
        if datasets[probed].nunique() >= FEW_DATASETS:
            by_probe = Line.fit(
                known.loc[probed, _BY_PROBE], ranges.loc[probed, "max"], datasets[probed]
            )
        return cls(
            lowest=Line.fit(known[_BY_CARD], ranges["min"], datasets),
            highest=Line.fit(known[_BY_CARD], ranges["max"], datasets),
            highest_by_probe=by_probe if by_probe and "probe_log_odds" in by_probe.slopes else None,
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
        known = _known(frame)
        lowest, highest = self.lowest.at(known), self.highest.at(known)
        if self.highest_by_probe is not None:
            probed = known["probe_log_odds"].notna().to_numpy()
            highest = np.where(probed, self.highest_by_probe.at(known), highest)
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
