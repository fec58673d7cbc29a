"""Nodes of the meta-learner."""

import logging
from typing import Any

import pandas as pd

from metallmix_kedro.history import History, Objective
from metallmix_kedro.meta_features import add_probes
from metallmix_kedro.support import xgboost
from metallmix_kedro.surrogate import (
    MetaLearningParameters,
    draw_predictions,
    fit_surrogate,
    leave_one_dataset_out,
    report,
)

logger = logging.getLogger(__name__)


def prepare(history: pd.DataFrame, probes: pd.DataFrame, objective: Objective) -> pd.DataFrame:
    """Give each trial the score that is learned, and what probes say of its dataset."""
    scored = History.scored(history, objective)
    if n_aside := len(scored.set_aside):
        logger.warning(
            "Not learned from: %d trials that saw images of another size than most on their "
            "dataset. Declare image_size in search_space, and they are.",
            n_aside,
        )
    return add_probes(scored.table, probes)


def fit(
    history: pd.DataFrame, parameters: MetaLearningParameters, objective: Objective
) -> tuple[xgboost.Booster, xgboost.Booster, dict[str, Any]]:
    """Fit the models of score and training time on the whole history."""
    return fit_surrogate(history, parameters, parameters.seed, objective).artifacts()


def predict_left_out(history: pd.DataFrame, parameters: MetaLearningParameters) -> pd.DataFrame:
    """Predict each trial by a surrogate that never saw its dataset."""
    return leave_one_dataset_out(history, parameters, parameters.seed)


def summarise(
    predictions: pd.DataFrame, history: pd.DataFrame, objective: Objective
) -> dict[str, Any]:
    """Put the left-out predictions into figures, next to the best-on-average baseline's."""
    return {"objective": objective, **report(predictions, History.scored(history, objective))}


def draw(predictions: pd.DataFrame, surrogate_report: dict[str, Any]) -> Any:
    """Draw predicted against measured, dataset by dataset."""
    return draw_predictions(predictions, surrogate_report)
