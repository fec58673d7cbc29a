"""The comparison as tables: a row a method, and everything a reader needs to judge it."""

from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.outcomes import Comparison
from metallmix_kedro.evaluation.methods import METHODS
from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.evaluation.scores import (
    bootstrap_interval,
    equal_random_trials,
    mean_by_dataset,
)

BY_DATASET = ("regret", "accuracy", "training_time_s", "search_time_s")
"""Outcomes that the report gives for each dataset and method, means over seeds."""


def method_table(comparison: Comparison, parameters: EvaluationParameters) -> pd.DataFrame:
    """Summarise the outcomes, a row a method (the paper's Table 3 over all datasets).

    Every figure is a mean over datasets of means over seeds, unless said otherwise.

    Parameters
    ----------
    comparison : Comparison
        What came out.
    parameters : EvaluationParameters
        Seed, draws and level of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        By mean regret, the smallest first. Columns: ``method``, ``label``; ``n_trials``, trials
        run on the dataset before the decision; ``mean_regret`` in [0, 1] and its bootstrap
        interval over datasets, ``regret_low`` to ``regret_high``; ``regret_std_over_seeds``,
        spread of the mean regret from seed to seed; ``share_best``, share of datasets on which no
        method has a smaller regret; ``mean_rank``; ``mean_accuracy``; ``mean_training_time_s`` of
        the trial kept and ``mean_search_time_s``, seconds; ``equals_random_trials``, missing if no
        number of random trials is as good.
    """
    outcomes = comparison.outcomes
    means = {column: mean_by_dataset(outcomes, column) for column in ("n_trials", *BY_DATASET)}
    regrets = means["regret"]
    # Equal regrets may differ in their last bits after being averaged over seeds.
    ranks = regrets.round(12).rank(axis=1)
    best = ranks.eq(ranks.min(axis=1), axis=0)
    by_seed = outcomes.groupby(["method", "seed"])["regret"].mean()
    intervals = {
        name: bootstrap_interval(
            regrets[name].to_numpy(), parameters.level, parameters.n_bootstrap, parameters.seed
        )
        for name in regrets
    }
    table = pd.DataFrame(
        {
            "label": {name: METHODS[str(name)].label for name in regrets},
            "n_trials": means["n_trials"].mean(),
            "mean_regret": regrets.mean(),
            "regret_low": {name: low for name, (low, _) in intervals.items()},
            "regret_high": {name: high for name, (_, high) in intervals.items()},
            "regret_std_over_seeds": by_seed.groupby("method").std(ddof=0),
            "share_best": best.mean(),
            "mean_rank": ranks.mean(),
            "mean_accuracy": means["accuracy"].mean(),
            "mean_training_time_s": means["training_time_s"].mean(),
            "mean_search_time_s": means["search_time_s"].mean(),
        }
    )
    table["equals_random_trials"] = pd.array(
        [equal_random_trials(regret, comparison.random_curve) for regret in table["mean_regret"]],
        dtype="Int64",
    )
    ordered = table.loc[list(regrets)].sort_values("mean_regret", kind="stable")
    return ordered.rename_axis("method").reset_index()


def evaluation_report(
    comparison: Comparison, table: pd.DataFrame, parameters: EvaluationParameters
) -> dict[str, Any]:
    """Report the whole comparison as JSON values.

    All entries are the same for the same history and parameters, but ``response_times_s``: what
    choosing took on the machine that ran it.

    Parameters
    ----------
    comparison : Comparison
        What came out.
    table : pandas.DataFrame
        Its `method_table`.
    parameters : EvaluationParameters
        Under which it was made.
    """
    return {
        "protocol": "docs/evaluation_protocol.md",
        "parameters": parameters.model_dump(mode="json", exclude={"judge"}),
        "recorded_trials": comparison.n_recorded,
        "excluded_datasets": comparison.excluded,
        "methods": _records(table),
        "by_dataset": {
            column: {
                str(dataset): _finite(row.to_dict())
                for dataset, row in mean_by_dataset(comparison.outcomes, column).iterrows()
            }
            for column in BY_DATASET
        },
        "expected_regret_of_random_trials": comparison.random_curve.tolist(),
        "uninformed_choices": comparison.uninformed,
        "response_times_s": comparison.response_times,
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [_finite(row) for row in table.astype(object).to_dict("records")]


def _finite(values: dict[Any, Any]) -> dict[str, Any]:
    """Write what is missing as null, which JSON has, not as NaN, which it has not."""
    return {str(key): None if pd.isna(value) else value for key, value in values.items()}
