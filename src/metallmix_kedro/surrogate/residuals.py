"""How far predictions are off on datasets that a model has not seen."""

import numpy as np
import pandas as pd

from metallmix_kedro.history import SCORE, draw_evenly, with_all_images
from metallmix_kedro.meta_features import ProbeLevel
from metallmix_kedro.surrogate.folds import Fold
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from metallmix_kedro.surrogate.point import PointModel
from metallmix_kedro.surrogate.uncertainty.probe_levels import LEVELS, hide, known_level
from metallmix_kedro.surrogate.uncertainty.scales import has_time, is_own

RECOMMENDED = 5
"""Trials of a dataset whose errors count, those predicted best: as many as a short list has."""

Errors = dict[ProbeLevel, pd.DataFrame]
"""How much of left-out datasets was shown to be probed -> `residuals`."""


def errors_on(
    trials: pd.DataFrame,
    models: dict[Fold, PointModel],
    parameters: MetaLearningParameters,
    seed: int,
) -> Errors:
    """Take the errors on the datasets that each model has not seen.

    Of each dataset those trials are judged that a model would have recommended, trained on all its
    images: an interval is to hold for what somebody tries. Of more trials than ``max_trials`` as
    many are drawn, evenly over the datasets.

    Parameters
    ----------
    trials : pandas.DataFrame
        Rows of a history with ``relative_score``.
    models : dict
        The datasets to predict -> a model fitted without them.
    parameters, seed
        As for `fit_surrogate`.

    Returns
    -------
    dict
        How much of the datasets was shown to be probed -> `residuals`.
    """
    judged = is_own(trials) & trials["relative_score"].notna()
    judged &= trials["dataset"].isin(frozenset().union(*models))
    shown = with_all_images(trials[judged])
    shown = shown.iloc[draw_evenly(shown["dataset"], parameters.max_trials, seed)]
    left_out = {fold: shown[shown["dataset"].isin(fold)] for fold in models}
    # Where nobody probed anything there is one level to calibrate.
    deepest = known_level(trials)
    return {
        level: pd.concat(
            [residuals(model, hide(left_out[fold], level)) for fold, model in models.items()]
        )
        for level in LEVELS[: LEVELS.index(deepest) + 1]
    }


def recommended(predicted: pd.Series, datasets: pd.Series) -> pd.Series:
    """Say which trials would be on the short list of their dataset.

    Parameters
    ----------
    predicted : pandas.Series
        Predicted relative scores, n values.
    datasets : pandas.Series
        The dataset of each.

    Returns
    -------
    pandas.Series of bool
        On their index.
    """
    places = predicted.groupby(datasets, observed=True).rank(ascending=False, method="first")
    return places <= RECOMMENDED


def residuals(model: PointModel, trials: pd.DataFrame) -> pd.DataFrame:
    """Return measured minus predicted on own trials that the model has not seen.

    Returns
    -------
    pandas.DataFrame
        On the index of the own, scored trials that are `recommended`: ``dataset``,
        ``relative_score``, ``score``, ``log_training_time`` (each trial's time brought to the
        reference device; missing where there is none).
    """
    trials = trials[is_own(trials) & trials["relative_score"].notna()]
    predicted = model.predict(trials)
    chosen = recommended(predicted["relative_score"], trials["dataset"])
    trials, predicted = trials[chosen], predicted[chosen]
    log_time = np.log(trials["training_time_s"].where(has_time(trials)).astype(float))
    if model.device_scale is not None:
        log_time = log_time - model.device_scale.log_effect(trials)
    return (
        trials[["dataset"]]
        .astype("str")
        .assign(
            relative_score=trials["relative_score"] - predicted["relative_score"],
            score=trials[SCORE] - predicted["score"],
            log_training_time=log_time - predicted["log_training_time"],
        )
    )
