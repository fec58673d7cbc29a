"""Nodes of the explainability pipeline.

Figures are annotated as Any: matplotlib comes with an extra, and Kedro resolves annotations when
it builds the pipeline.
"""

from typing import Any

import pandas as pd

from metallmix_kedro.attribution import (
    ExplainabilityParameters,
    attribute_trials,
    pictures,
    tables,
)
from metallmix_kedro.history import Objective
from metallmix_kedro.support import xgboost
from metallmix_kedro.surrogate import Surrogate, read_card


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


def correlate(
    attributions: pd.DataFrame,
    history: pd.DataFrame,
    surrogate_card: dict[str, Any],
    objective: Objective,
) -> pd.DataFrame:
    """Correlate values and contributions of the numeric features."""
    encoder = read_card(surrogate_card, objective).encoder
    return tables.correlations(attributions, history, encoder)


def draw_summary(
    attributions: pd.DataFrame,
    history: pd.DataFrame,
    surrogate_card: dict[str, Any],
    objective: Objective,
    parameters: ExplainabilityParameters,
) -> Any:
    """Draw the contributions of the strongest features."""
    encoder = read_card(surrogate_card, objective).encoder
    return pictures.plot_summary(attributions, history, encoder, parameters)
