"""The comparison as tables: methods, tests, protocols, datasets."""

import numpy as np
import pandas as pd

from metallmix_kedro.evaluation.methods.methods import METHODS
from metallmix_kedro.evaluation.outcomes import Comparison
from metallmix_kedro.evaluation.parameters import MAIN, EvaluationParameters
from metallmix_kedro.evaluation.statistics.scores import (
    bootstrap_interval,
    equal_trials,
    mean_by_dataset,
    mean_path,
)
from metallmix_kedro.evaluation.statistics.significance import against_others

FIRST_PICK, BEST_OF_FIVE = "surrogate", "short_list"
"""The product's methods: its pick, and its list of five."""

FIGURES = {"regret": FIRST_PICK, "regret_of_five": BEST_OF_FIVE}
"""Figures that are tested, and the product's method for each."""

BY_DATASET = (
    "regret", "regret_of_five", "score", "training_time_s", "search_time_s", "below_best",
)  # fmt: skip
"""Outcomes that are given for each dataset and method, means over seeds."""


def method_table(comparison: Comparison, parameters: EvaluationParameters) -> pd.DataFrame:
    """Summarise the main protocol, a row a method (the paper's Table 3 over all datasets).

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
        interval over datasets, ``regret_low`` to ``regret_high``; ``mean_regret_of_five``, of the
        best of the first five of its list, with ``of_five_low`` and ``of_five_high``;
        ``mean_score``; ``mean_below_best``, accuracy below the best without luck, missing where no
        dataset's halves were recorded; ``mean_training_time_s`` of the trial kept and
        ``mean_search_time_s``, seconds; ``equals_random_trials`` and ``equals_bayesian_trials``,
        missing if no number of them is as good.
    """
    outcomes = comparison.under(MAIN)
    means = {column: mean_by_dataset(outcomes, column) for column in ("n_trials", *BY_DATASET)}
    regrets = means["regret"]
    table = pd.DataFrame(
        {
            "label": {name: METHODS[str(name)].label for name in regrets},
            "n_trials": means["n_trials"].mean(),
            **_with_interval(regrets, "mean_regret", "regret", parameters),
            **_with_interval(means["regret_of_five"], "mean_regret_of_five", "of_five", parameters),
            "mean_score": means["score"].mean(),
            "mean_below_best": means["below_best"].mean(),
            "mean_training_time_s": means["training_time_s"].mean(),
            "mean_search_time_s": means["search_time_s"].mean(),
        }
    )
    bayesian_path = mean_path(comparison.anytime, "bayesian_search")
    curves = {
        "equals_random_trials": comparison.random_curve,
        "equals_bayesian_trials": np.asarray(bayesian_path, dtype=np.float64),
    }
    for column, curve in curves.items():
        equal = [equal_trials(regret, curve) for regret in table["mean_regret"]]
        table[column] = pd.Series(equal, index=table.index, dtype="Int64")
    ordered = table.loc[list(regrets)].sort_values("mean_regret", kind="stable")
    return ordered.rename_axis("method").reset_index()


def protocol_table(comparison: Comparison, parameters: EvaluationParameters) -> pd.DataFrame:
    """Set the protocols side by side, a row a protocol and a method that learns.

    Parameters
    ----------
    comparison : Comparison
        What came out.
    parameters : EvaluationParameters
        Seed, draws and level of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        In the order of the protocols, within each by mean regret. Columns: ``protocol``,
        ``method``, ``label``, ``n_datasets``; ``mean_regret`` of the trial it ends with,
        ``regret_low``, ``regret_high``; ``mean_regret_of_five``, ``of_five_low``,
        ``of_five_high``.
    """
    parts = []
    for protocol in comparison.outcomes["protocol"].unique():
        outcomes = comparison.under(protocol)
        learned = outcomes[outcomes["method"].map(lambda name: METHODS[name].learns)]
        if learned.empty:
            continue
        regrets = mean_by_dataset(learned, "regret")
        of_five = mean_by_dataset(learned, "regret_of_five")
        part = pd.DataFrame(
            {
                "protocol": protocol,
                "label": {name: METHODS[str(name)].label for name in regrets},
                "n_datasets": len(regrets),
                **_with_interval(regrets, "mean_regret", "regret", parameters),
                **_with_interval(of_five, "mean_regret_of_five", "of_five", parameters),
            }
        )
        parts.append(part.sort_values("mean_regret", kind="stable").rename_axis("method"))
    columns = ["protocol", "method", "label", "n_datasets"]
    table = pd.concat(parts).reset_index() if parts else pd.DataFrame(columns=columns)
    return table[[*columns, *table.columns.drop(columns)]]


def significance_table(comparison: Comparison) -> pd.DataFrame:
    """Test the product's methods against every other one, under every protocol.

    Parameters
    ----------
    comparison : Comparison
        What came out.

    Returns
    -------
    pandas.DataFrame
        Columns ``protocol``; ``figure`` ("regret" of the trial a method ends with, or
        "regret_of_five"); those of `significance.against_others`. One protocol and figure is one
        family of tests. A family whose method of ours was not compared is missing.
    """
    parts = []
    for protocol in comparison.outcomes["protocol"].unique():
        outcomes = comparison.under(protocol)
        for figure, ours in FIGURES.items():
            figures = mean_by_dataset(outcomes, figure)
            if ours in figures and figures.shape[1] > 1:
                tests = against_others(figures, ours)
                parts.append(tests.assign(protocol=protocol, figure=figure))
    leading = ["protocol", "figure", "ours", "other", "mean_difference", "wins", "ties", "losses"]
    columns = [*leading, "p", "p_holm"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def dataset_table(comparison: Comparison) -> pd.DataFrame:
    """Give every dataset's figures under every protocol, a row a protocol, dataset and method.

    Parameters
    ----------
    comparison : Comparison
        What came out; methods that did not run on every target are among them here.

    Returns
    -------
    pandas.DataFrame
        Columns ``protocol``, ``dataset``, ``method`` and `BY_DATASET`, means over seeds.
    """
    keys = ["protocol", "dataset", "method"]
    means = comparison.outcomes.groupby(keys, sort=False)[list(BY_DATASET)].mean()
    return means.reset_index()


def main_regrets(datasets: pd.DataFrame) -> pd.DataFrame:
    """Return the regrets of a `dataset_table` under the main protocol, datasets by methods."""
    return datasets[datasets["protocol"] == MAIN].pivot(
        index="dataset", columns="method", values="regret"
    )


def _with_interval(
    values: pd.DataFrame, mean: str, bounds: str, parameters: EvaluationParameters
) -> "dict[str, pd.Series[float]]":
    """Return a mean over datasets, a row a method, and the bounds of its bootstrap interval."""
    intervals = {
        name: bootstrap_interval(
            values[name].to_numpy(), parameters.level, parameters.n_bootstrap, parameters.seed
        )
        for name in values
    }
    return {
        mean: values.mean(),
        f"{bounds}_low": pd.Series({name: low for name, (low, _) in intervals.items()}),
        f"{bounds}_high": pd.Series({name: high for name, (_, high) in intervals.items()}),
    }
