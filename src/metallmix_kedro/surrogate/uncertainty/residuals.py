"""How far predictions are off on datasets that a model has not seen."""

import numpy as np
import pandas as pd

from metallmix_kedro.history import SCORE, draw_evenly
from metallmix_kedro.meta_features import ProbeLevel
from metallmix_kedro.surrogate.folds import Fold
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from metallmix_kedro.surrogate.point import PointModel
from metallmix_kedro.surrogate.uncertainty.probe_levels import LEVELS, hide, known_level
from metallmix_kedro.surrogate.uncertainty.scales import has_time, is_own

Errors = dict[ProbeLevel, pd.DataFrame]
"""How much of left-out datasets was shown to be probed -> `residuals`."""


def errors_on(
    trials: pd.DataFrame,
    models: dict[Fold, PointModel],
    parameters: MetaLearningParameters,
    seed: int,
) -> Errors:
    """Take the errors on the datasets that each model has not seen.

    Of more trials than ``max_trials`` as many are drawn, evenly over the datasets.

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
    rows = np.flatnonzero(judged)
    drawn = draw_evenly(trials["dataset"].iloc[rows], parameters.max_trials, seed)
    shown = trials.iloc[rows[drawn]]
    left_out = {fold: shown[shown["dataset"].isin(fold)] for fold in models}
    # Where nobody probed anything there is one level to calibrate.
    deepest = known_level(trials)
    return {
        level: pd.concat(
            [residuals(model, hide(left_out[fold], level)) for fold, model in models.items()]
        )
        for level in LEVELS[: LEVELS.index(deepest) + 1]
    }


def residuals(model: PointModel, trials: pd.DataFrame) -> pd.DataFrame:
    """Return measured minus predicted on own trials that the model has not seen.

    Returns
    -------
    pandas.DataFrame
        On the index of the own, scored trials: ``dataset``, ``relative_score``, ``score``,
        ``log_training_time`` (each trial's time brought to the reference device; missing where
        there is none).
    """
    trials = trials[is_own(trials) & trials["relative_score"].notna()]
    predicted = model.predict(trials)
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
