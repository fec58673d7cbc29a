"""Nodes of the explainability pipeline."""

from typing import Any

import pandas as pd

from metallmix_kedro.attribution import attribute_trials
from metallmix_kedro.history import Objective
from metallmix_kedro.support import xgboost
from metallmix_kedro.surrogate import Surrogate


def explain_trials(
    history: pd.DataFrame,
    score_model: xgboost.Booster,
    time_model: xgboost.Booster,
    surrogate_card: dict[str, Any],
    objective: Objective,
) -> pd.DataFrame:
    """Compute the SHAP values of every trial."""
    surrogate = Surrogate.from_artifacts(score_model, time_model, surrogate_card, objective)
    return attribute_trials(surrogate, history)
