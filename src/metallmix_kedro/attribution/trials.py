"""The SHAP values of every trial (paper, section 2.2)."""

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.support import InputError, require
from metallmix_kedro.surrogate import BASE_VALUE, Surrogate


def attribute_trials(surrogate: Surrogate, history: pd.DataFrame) -> pd.DataFrame:
    """Compute what each feature adds to the predicted relative score of each trial (TreeSHAP).

    Parameters
    ----------
    surrogate : Surrogate
        The fitted surrogate.
    history : pandas.DataFrame
        All trials (`metallmix_kedro.history.schema.history_schema`).

    Returns
    -------
    pandas.DataFrame
        A row for each finished trial whose hyperparameters are all known (a contribution of
        "unknown" would say something about the source, not about a configuration): ``trial_id``,
        ``dataset``, ``base_value``, then a column a feature, in units of the relative score. The
        one-hot columns of a feature are summed. Base value and contributions of a row sum to its
        predicted relative score.

    Raises
    ------
    InputError
        If no trial can be explained.
    MissingExtraError
        If shap is not installed.
    """
    known = history[list(configuration_columns())].notna().all(axis=1)
    trials = history[known & (history["status"] == "finished")]
    if trials.empty:
        raise InputError(
            "The history has no finished trial whose seven hyperparameters are all known, so there"
            " is nothing to explain. Run trials (kedro run --pipelines=experiment_grid) or import"
            " some."
        )
    encoder = surrogate.encoder
    score_model, _, _ = surrogate.artifacts()
    explainer = require("shap", "learn").TreeExplainer(score_model)
    explained = explainer(encoder.transform(trials))
    by_column = pd.DataFrame(np.asarray(explained.values, dtype=float), columns=encoder.columns)
    by_feature = by_column.T.groupby(by_column.columns.map(encoder.feature_of)).sum().T
    identity = trials[["trial_id", "dataset"]].reset_index(drop=True)
    by_feature[BASE_VALUE] = np.asarray(explained.base_values, dtype=float)
    return identity.join(
        by_feature.reindex(columns=[BASE_VALUE, *encoder.features], fill_value=0.0)
    )
