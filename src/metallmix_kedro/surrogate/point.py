"""The two XGBoost models and their scales, before any interval (paper, section 2.2)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns, meta_features
from metallmix_kedro.history import N_TRAIN, SCORE, belongs, coded, draw_evenly
from metallmix_kedro.support import InputError, xgboost
from metallmix_kedro.surrogate.encoding import FeatureEncoder
from metallmix_kedro.surrogate.folds import Fold
from metallmix_kedro.surrogate.parameters import BoostingParameters, MetaLearningParameters
from metallmix_kedro.surrogate.uncertainty.probe_levels import hide_at_random
from metallmix_kedro.surrogate.uncertainty.scales import (
    PROBED,
    DeviceScale,
    FloatArray,
    ScoreScale,
    has_time,
    is_own,
)

_OVER_ALL = (
    *("dataset", "source", "proposer", "status", "device"),
    *("level", "n_classes", N_TRAIN, PROBED, SCORE, "training_time_s", "relative_score"),
)
"""Columns that are taken over all trials, with all words of a trial; the other features are those
of drawn trials alone."""


@dataclass(frozen=True, slots=True)
class PointModel:
    """Predicts relative score, score and training time, without intervals.

    Parameters
    ----------
    encoder : FeatureEncoder
        Makes the models' input.
    score_model, time_model : xgboost.Booster
        Predict the relative score, and the natural logarithm of the seconds of training on the
        reference device.
    score_scale : ScoreScale
        From relative score to score.
    device_scale : DeviceScale or None
        The devices behind the times; None if no time is known, and all times are missing then.
    """

    encoder: FeatureEncoder
    score_model: xgboost.Booster
    time_model: xgboost.Booster
    score_scale: ScoreScale
    device_scale: DeviceScale | None

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Predict trials or candidates.

        Parameters
        ----------
        frame : pandas.DataFrame
            Has the columns `surrogate_features`; n rows.

        Returns
        -------
        pandas.DataFrame
            On the frame's index: ``relative_score`` (may leave [0, 1] a little, since trees are
            summed), ``score`` (in [0, 1]) and ``log_training_time`` (natural logarithm
            of seconds on the reference device).
        """
        encoded = self.encoder.transform(frame)
        relative = _predict(self.score_model, encoded)
        log_time = _predict(self.time_model, encoded)
        return pd.DataFrame(
            {
                "relative_score": relative,
                "score": self.score_scale.score(relative, frame),
                "log_training_time": log_time if self.device_scale else np.nan,
            },
            index=frame.index,
        )


def fit_point_model(
    trials: pd.DataFrame,
    parameters: MetaLearningParameters,
    seed: int,
    without: Fold = frozenset(),
) -> PointModel:
    """Fit both models on trials.

    Parameters
    ----------
    trials : pandas.DataFrame
        Rows of a history with ``relative_score`` and a unique index.
    parameters : MetaLearningParameters
        How the trees are grown, and the weight of published outcomes.
    seed : int
        Seed of the trees' subsampling.
    without : frozenset of str
        Datasets that are left out.

    Raises
    ------
    InputError
        If no trial has a score.
    """
    trials = coded(trials)
    used, weight = _used(trials, parameters.published_weight, without)
    scored = used["relative_score"].notna().to_numpy()
    if not scored.any():
        raise InputError(
            "The history holds no finished trial with a score to learn from. Add measured trials "
            "(pipeline experiment_grid), or set meta_learning.published_weight above 0."
        )
    encoder = FeatureEncoder.fit(used)
    device_scale, score_scale = DeviceScale.fit(used), ScoreScale.fit(used)
    # All features are looked up for the trials that are drawn alone.
    drawn = draw_evenly(used["dataset"], parameters.max_trials, seed)
    taught = trials.loc[used.index[drawn]]
    encoded = encoder.transform(hide_at_random(taught, seed))
    weight, known = weight[drawn], scored[drawn]
    score_model = _fit(
        encoded[known],
        taught["relative_score"].to_numpy(dtype=np.float64, na_value=np.nan)[known],
        weight[known],
        parameters.score_model,
        seed,
        monotone_constraints=encoder.directions,
    )
    timed = has_time(taught).to_numpy()
    if device_scale is None:
        # A model without a time to learn stands in its file all the same and is never asked.
        timed, log_time = known, np.zeros(len(taught))
    else:
        seconds = taught["training_time_s"].where(timed, 1.0).to_numpy(dtype=np.float64)
        log_time = np.log(seconds) - device_scale.log_effect(taught)
    return PointModel(
        encoder=encoder,
        score_model=score_model,
        time_model=_fit(
            encoded[timed], log_time[timed], weight[timed], parameters.time_model, seed
        ),
        score_scale=score_scale,
        device_scale=device_scale,
    )


def _words() -> tuple[str, ...]:
    words = (name for name, declared in meta_features().items() if not declared.is_number)
    return (*words, *configuration_columns())


def _used(
    trials: pd.DataFrame, published_weight: float, without: Fold
) -> tuple[pd.DataFrame, FloatArray]:
    """Return the finished trials that weigh anything, what is taken over all, and their weights."""
    finished = (trials["status"] == "finished").to_numpy() & ~belongs(trials, without)
    used = trials.loc[finished, [name for name in (*_OVER_ALL, *_words()) if name in trials]]
    weights = trial_weights(used, published_weight).to_numpy(dtype=np.float64)
    heavy = weights > 0
    return (used, weights) if heavy.all() else (used[heavy], weights[heavy])


def trial_weights(trials: pd.DataFrame, published_weight: float) -> pd.Series:
    """Weigh trials so that datasets count alike, however many trials each has.

    A dataset with fewer trials than the median weighs less all the same: its few trials would
    otherwise be learned by heart. A published trial weighs `published_weight` times the mean of
    the others.

    Parameters
    ----------
    trials : pandas.DataFrame
        Finished trials of a history.
    published_weight : float
        In [0, 1].

    Returns
    -------
    pandas.Series of float
        On the trials' index; the mean is 1 over own trials.
    """
    own = is_own(trials).to_numpy()
    datasets = trials["dataset"].astype("category").cat.codes.to_numpy()
    counts = np.bincount(datasets[own], minlength=int(datasets.max(initial=0)) + 1)
    shares = 1.0 / np.maximum(counts, pd.Series(counts[counts > 0]).median())
    weights = pd.Series(np.where(own, shares[datasets], np.nan), index=trials.index)
    return (weights / weights.mean()).fillna(published_weight)


def _fit(
    encoded: npt.NDArray[np.float32],
    target: FloatArray,
    weight: FloatArray,
    parameters: BoostingParameters,
    seed: int,
    **settings: Any,
) -> xgboost.Booster:
    matrix = xgboost.QuantileDMatrix(encoded, label=target, weight=weight, nthread=1)
    return grow(matrix, parameters, seed, **settings)


def grow(
    matrix: xgboost.DMatrix,
    parameters: BoostingParameters,
    seed: int,
    objective: str = "reg:squarederror",
    **settings: Any,
) -> xgboost.Booster:
    """Grow trees on a matrix; XGBoost's other settings may be given by name."""
    # One thread a model, so that the sums, and with them the stored bytes, repeat everywhere;
    # several models are fitted at the same time instead.
    settings |= {"objective": objective, "tree_method": "hist", "nthread": 1, "verbosity": 0}
    settings |= {"seed": seed, **parameters.model_dump(exclude={"n_rounds"})}
    return xgboost.train(settings, matrix, num_boost_round=parameters.n_rounds)


def _predict(model: xgboost.Booster, encoded: npt.NDArray[np.float32]) -> FloatArray:
    if not len(encoded):
        return np.empty(0)
    return np.asarray(model.inplace_predict(encoded), dtype=np.float64)
