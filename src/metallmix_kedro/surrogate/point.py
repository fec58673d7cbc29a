"""The two XGBoost models and their scales, before any interval (paper, section 2.2)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns, meta_features
from metallmix_kedro.history import N_TRAIN, SCORE, belongs, coded, draw_evenly
from metallmix_kedro.support import InputError, xgboost
from metallmix_kedro.surrogate.averages.average import distinct, level_codes
from metallmix_kedro.surrogate.averages.average_fit import AverageTable
from metallmix_kedro.surrogate.averages.sized_average import SizedAverage, training_sizes
from metallmix_kedro.surrogate.encoding import FeatureEncoder
from metallmix_kedro.surrogate.folds import Fold, deal
from metallmix_kedro.surrogate.parameters import BoostingParameters, MetaLearningParameters
from metallmix_kedro.surrogate.uncertainty.probe_levels import hide_at_random
from metallmix_kedro.surrogate.uncertainty.scales import (
    PROBED,
    DeviceScale,
    FloatArray,
    ScoreScale,
    has_time,
    is_own,
    own_or_all,
)
from metallmix_kedro.surrogate.uncertainty.scenarios import Scenarios

_OVER_ALL = (
    *("dataset", "source", "proposer", "status", "device"),
    *("level", "n_classes", N_TRAIN, PROBED, SCORE, "training_time_s", "relative_score"),
)
"""Columns that are taken over all trials, with all words of a trial; the other features are those
of drawn trials alone."""


@dataclass(frozen=True, slots=True)
class PointModel:
    """Predicts relative score, score and training time, without intervals.

    The relative score is the configuration's average over datasets, plus what trees have learned
    of where a dataset differs from it.

    Parameters
    ----------
    encoder : FeatureEncoder
        Makes the models' input.
    average : SizedAverage
        What a configuration is worth on average.
    scenarios : Scenarios
        How datasets differ from the average.
    score_model, time_model : xgboost.Booster
        Predict the relative score above or below that average, and the natural logarithm of the
        seconds of training on the reference device.
    score_scale : ScoreScale
        From relative score to score.
    device_scale : DeviceScale or None
        The devices behind the times; None if no time is known, and all times are missing then.
    """

    encoder: FeatureEncoder
    average: SizedAverage
    scenarios: Scenarios
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
        relative = self.average.predict(frame) + _predict(self.score_model, encoded)
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
    with_scenarios: bool = True,
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
    with_scenarios : bool
        Whether the scenarios are fitted. They take as long as the trees, and a model that only
        predicts needs none: it has no differences then.

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
    outcomes = used if scored.all() else used[scored]
    average, expected = _averages(outcomes, weight[scored], parameters)
    above = np.full(len(used), np.nan)
    above[scored] = outcomes["relative_score"].to_numpy(dtype=np.float64) - expected
    scenarios = Scenarios(differences=(), noise=0.0)
    if with_scenarios:
        scenarios = Scenarios.fit(own_or_all(outcomes.assign(relative_score=above[scored])))
    device_scale, score_scale = DeviceScale.fit(used), ScoreScale.fit(used)
    # All features are looked up for the trials that are drawn alone.
    drawn = draw_evenly(used["dataset"], parameters.max_trials, seed)
    taught = trials.loc[used.index[drawn]]
    encoded = encoder.transform(hide_at_random(taught, seed))
    weight, known = weight[drawn], scored[drawn]
    score_model = _fit(
        encoded[known],
        above[drawn][known],
        weight[known],
        _cautious(parameters, weight[known]),
        seed,
        encoder.directions,
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
        average=average,
        scenarios=scenarios,
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


def _averages(
    trials: pd.DataFrame, weights: FloatArray, parameters: MetaLearningParameters
) -> tuple[SizedAverage, FloatArray]:
    """Fit the averages, and give each trial the average of the datasets it does not belong to."""
    own = is_own(trials).to_numpy()
    known = own_or_all(trials)
    names = sorted(known["dataset"].unique())
    folds = deal(names, parameters.max_folds, parameters.overlapping)
    table = AverageTable(
        known,
        weights if len(known) == len(trials) else weights[own],
        parameters.average_penalty,
        parameters.own_penalty,
        sizes=parameters.average_sizes,
    )
    # Trials of one configuration are expected the same, so each configuration is asked for once.
    levels = table.levels
    unique, owner = distinct(level_codes(trials, levels), levels, len(trials))
    everything, n_train = table.without(frozenset()), training_sizes(trials)
    expected = everything.at(unique, owner, n_train)
    for fold in folds if len(folds) > 1 else ():
        rows = belongs(trials, fold)
        expected[rows] = table.without(fold).at(unique, owner[rows], n_train[rows])
    return everything.stored(), expected


def _cautious(parameters: MetaLearningParameters, weight: FloatArray) -> BoostingParameters:
    """Ask for leaves that hold a share of all trials: what one dataset shows is no rule."""
    least = max(parameters.score_model.min_child_weight, parameters.leaf_share * weight.sum())
    return parameters.score_model.model_copy(update={"min_child_weight": float(least)})


def _fit(
    encoded: npt.NDArray[np.float32],
    target: FloatArray,
    weight: FloatArray,
    parameters: BoostingParameters,
    seed: int,
    directions: tuple[int, ...] | None = None,
) -> xgboost.Booster:
    settings: dict[str, Any] = parameters.model_dump(exclude={"n_rounds"})
    # One thread a model, so that the sums, and with them the stored bytes, repeat everywhere;
    # several models are fitted at the same time instead.
    settings |= {"objective": "reg:squarederror", "tree_method": "hist", "nthread": 1}
    settings |= {"seed": seed, "verbosity": 0}
    if directions is not None:
        settings["monotone_constraints"] = directions
    matrix = xgboost.QuantileDMatrix(encoded, label=target, weight=weight, nthread=1)
    return xgboost.train(settings, matrix, num_boost_round=parameters.n_rounds)


def _predict(model: xgboost.Booster, encoded: npt.NDArray[np.float32]) -> FloatArray:
    if not len(encoded):
        return np.empty(0)
    return np.asarray(model.inplace_predict(encoded), dtype=np.float64)
