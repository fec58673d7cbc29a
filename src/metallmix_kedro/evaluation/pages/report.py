"""All figures of a comparison as JSON values."""

from typing import Any

import numpy as np

from metallmix_kedro.evaluation.outcomes import Comparison
from metallmix_kedro.evaluation.parameters import MAIN, EvaluationParameters
from metallmix_kedro.history import MEASURES, Objective


def evaluation_report(
    comparison: Comparison, parameters: EvaluationParameters, objective: Objective = "accuracy"
) -> dict[str, Any]:
    """Report as JSON values what stands in no table; of the main protocol, unless it says which.

    All entries are the same for the same history and parameters, but ``response_times_s``: what
    choosing took on the machine that ran it.

    Parameters
    ----------
    comparison : Comparison
        What came out.
    parameters : EvaluationParameters
        Under which it was made.
    objective : Objective
        What the scores are.
    """
    return {
        "protocol": "docs/evaluation_protocol.md",
        "objective": objective,
        "metric": MEASURES[objective].label,
        "parameters": parameters.model_dump(mode="json", exclude={"judge"}),
        "recorded_trials": comparison.n_recorded,
        # JSON has null for what is missing, not NaN.
        "noise_floors": {
            name: None if np.isnan(floor) else floor for name, floor in comparison.floors.items()
        },
        "excluded_datasets": comparison.excluded[MAIN],
        "not_run": comparison.not_run.get(MAIN, {}),
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
