"""The SHAP values of every trial (paper, section 2.2)."""

import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.support import InputError
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
        ``dataset``, ``base_value``, then a column a feature (`Surrogate.contributions`).

    Raises
    ------
    InputError
        If no trial can be explained.
    """
    known = history[list(configuration_columns())].notna().all(axis=1)
    trials = history[known & (history["status"] == "finished")]
    if trials.empty:
        raise InputError(
            "The history has no finished trial whose seven hyperparameters are all known, so there"
            " is nothing to explain. Run trials (kedro run --pipelines=experiment_grid) or import"
            " some."
        )
    contributions = surrogate.contributions(trials)
    contributions.insert(0, BASE_VALUE, contributions.pop(BASE_VALUE))
    return trials[["trial_id", "dataset"]].join(contributions).reset_index(drop=True)
