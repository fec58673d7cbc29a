"""All figures of a comparison as JSON values."""

from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.outcomes import Comparison
from metallmix_kedro.evaluation.parameters import MAIN, EvaluationParameters
from metallmix_kedro.evaluation.statistics.scores import mean_by_dataset
from metallmix_kedro.evaluation.statistics.summary import BY_DATASET
from metallmix_kedro.history import MEASURES, Objective


def evaluation_report(
    comparison: Comparison,
    table: pd.DataFrame,
    parameters: EvaluationParameters,
    objective: Objective = "accuracy",
) -> dict[str, Any]:
    """Report the comparison as JSON values; what is not said otherwise is of the main protocol.

    All entries are the same for the same history and parameters, but ``response_times_s``: what
    choosing took on the machine that ran it.

    Parameters
    ----------
    comparison : Comparison
        What came out.
    table : pandas.DataFrame
        Its `evaluation.statistics.summary.method_table`.
    parameters : EvaluationParameters
        Under which it was made.
    objective : Objective
        What the scores are.
    """
    outcomes = comparison.under(MAIN)
    return {
        "protocol": "docs/evaluation_protocol.md",
        "objective": objective,
        "metric": MEASURES[objective].label,
        "parameters": parameters.model_dump(mode="json", exclude={"judge"}),
        "recorded_trials": comparison.n_recorded,
        "noise_floors": _finite(comparison.floors),
        "excluded_datasets": comparison.excluded[MAIN],
        "methods": _records(table),
        "not_run": comparison.not_run.get(MAIN, {}),
        "by_dataset": {
            column: {
                str(dataset): _finite(row.to_dict())
                for dataset, row in mean_by_dataset(outcomes, column).iterrows()
            }
            for column in BY_DATASET
        },
        "expected_regret_of_random_trials": comparison.random_curve.tolist(),
        "uninformed_choices": comparison.uninformed.get(MAIN, {}),
        "other_protocols": {
            name: _other_protocol(comparison, name) for name in comparison.excluded if name != MAIN
        },
        "response_times_s": comparison.response_times,
    }


def _other_protocol(comparison: Comparison, name: str) -> dict[str, Any]:
    """Say on which targets a protocol was run and what stood in its way."""
    ours = comparison.outcomes[comparison.outcomes["protocol"] == name]
    return {
        "n_datasets": int(ours["dataset"].nunique()),
        "excluded_datasets": comparison.excluded.get(name, {}),
        "not_run": comparison.not_run.get(name, {}),
        "uninformed_choices": comparison.uninformed.get(name, {}),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [_finite(row) for row in table.astype(object).to_dict("records")]


def _finite(values: dict[Any, Any]) -> dict[str, Any]:
    """Write what is missing as null, which JSON has, not as NaN, which it has not."""
    return {str(key): None if pd.isna(value) else value for key, value in values.items()}
