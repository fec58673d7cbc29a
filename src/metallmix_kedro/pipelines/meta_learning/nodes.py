"""Nodes of the meta-learner."""

from typing import Any

import pandas as pd
import xgboost

from metallmix_kedro.surrogate.fit import fit_surrogate
from metallmix_kedro.surrogate.lodo import leave_one_dataset_out
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from metallmix_kedro.surrogate.pictures import draw_predictions
from metallmix_kedro.surrogate.report import report


def fit(
    history: pd.DataFrame, parameters: MetaLearningParameters
) -> tuple[xgboost.Booster, xgboost.Booster, dict[str, Any]]:
    """Fit the models of score and training time on the whole history."""
    return fit_surrogate(history, parameters, parameters.seed).artifacts()


def predict_left_out(history: pd.DataFrame, parameters: MetaLearningParameters) -> pd.DataFrame:
    """Predict each trial by a surrogate that never saw its dataset."""
    return leave_one_dataset_out(history, parameters, parameters.seed)


def summarise(predictions: pd.DataFrame, history: pd.DataFrame) -> dict[str, Any]:
    """Put the left-out predictions into figures, next to the best-on-average baseline's."""
    return report(predictions, history)


def draw(predictions: pd.DataFrame, surrogate_report: dict[str, Any]) -> Any:
    """Draw predicted against measured, dataset by dataset."""
    return draw_predictions(predictions, surrogate_report)
