"""The rows of the ablation as tables: one LLM a row, no best-of-nine."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

NO_MODEL = "none"
"""Stands for the model of conditions that ask none."""

ROW_COLUMNS = (
    "llm", "condition", "dataset", "selected_model", "score", "response_time_s",
    "training_time_s", "completeness", "fluency", "conciseness", "consistency", "format", "rank",
    "regret", "position_consistency", "decided_by", "explanation_by", "n_changed", "judge",
)  # fmt: skip
"""The paper's columns first."""

MEANS = (
    "score", "regret", "rank", "response_time_s", "training_time_s", "completeness", "fluency",
    "conciseness", "consistency", "format", "position_consistency",
)  # fmt: skip


def row_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Put the rows into a table, with the rank of each by score among all of its dataset.

    Returns
    -------
    pandas.DataFrame
        Columns `ROW_COLUMNS`; equals share their mean rank, 1 is the best.
    """
    table = pd.DataFrame(list(rows)).reindex(columns=list(ROW_COLUMNS))
    table["rank"] = table.groupby("dataset")["score"].rank(ascending=False)
    return table.sort_values(["llm", "condition", "dataset"], ignore_index=True)


def summary_table(table: pd.DataFrame, models: Iterable[str]) -> pd.DataFrame:
    """Average the rows over datasets, by LLM and condition.

    Parameters
    ----------
    table : pandas.DataFrame
        From `row_table`.
    models : iterable of str
        Those that were to be compared; one without rows gets a row that says so.

    Returns
    -------
    pandas.DataFrame
        ``llm``, ``condition``, ``n_datasets``, the means of `MEANS` (of what is known), ``note``.
        ``regret_over_surrogate`` is the mean difference to the surrogate on the same datasets.
    """
    numbers = table.assign(**{name: pd.to_numeric(table[name]) for name in MEANS})
    groups = numbers.groupby(["llm", "condition"], sort=True)
    summary = groups[list(MEANS)].mean().round(4)
    summary.insert(0, "n_datasets", groups.size())
    base = numbers[numbers["condition"] == "surrogate"].set_index("dataset")["regret"]
    over = numbers["regret"] - numbers["dataset"].map(base)
    over_by_group = over.groupby([numbers["llm"], numbers["condition"]]).mean()
    summary["regret_over_surrogate"] = over_by_group.round(4)
    summary["note"] = ""
    absent = [name for name in models if name not in set(table["llm"])]
    missing = pd.DataFrame(
        {"llm": absent, "note": [f"not measured; ollama pull {name}" for name in absent]}
    )
    return pd.concat([summary.reset_index(), missing], ignore_index=True)
