"""The rows of the ablation as tables: one LLM a row, no best-of-nine."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from metallmix_kedro.judging.vote_weight import product_rows

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

    Condition ``llm``, the product, is added: what the vote chooses with the weight learned on the
    other datasets.

    Returns
    -------
    pandas.DataFrame
        Columns `ROW_COLUMNS`; equals share their mean rank, 1 is the best.
    """
    measured = list(rows)
    every = [*measured, *product_rows(measured)]
    table = pd.DataFrame(every).reindex(columns=list(ROW_COLUMNS))
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
    base = numbers[numbers["condition"] == "surrogate"].set_index("dataset")["regret"]
    numbers["regret_over_surrogate"] = numbers["regret"] - numbers["dataset"].map(base)
    groups = numbers.groupby(["llm", "condition"], sort=True)
    summary = groups[[*MEANS, "regret_over_surrogate"]].mean().round(4)
    summary.insert(0, "n_datasets", groups.size())
    summary["note"] = ""
    # A GGUF file is listed by its path and measured under its name.
    absent = [name for name in models if not {name, Path(name).name} & set(table["llm"])]
    missing = pd.DataFrame(
        {
            "llm": absent,
            "note": [
                f"not measured; {'no such file' if one.endswith('.gguf') else f'ollama pull {one}'}"
                for one in absent
            ],
        }
    )
    return pd.concat([summary.reset_index(), missing], ignore_index=True)


def model_table(table: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """Return the paper's table, one language model a row, with what its votes are worth.

    Parameters
    ----------
    table : pandas.DataFrame
        From `row_table`.
    weights : pandas.DataFrame
        From `vote_weight.weight_table`.

    Returns
    -------
    pandas.DataFrame
        ``llm``, ``selected_model`` (the most frequent), the means of `MEANS` of the product, and of
        the table of weights ``weight``, ``regret_with`` and ``regret_without``.
    """
    product = table[table["condition"] == "llm"]
    numbers = product.assign(**{name: pd.to_numeric(product[name]) for name in MEANS})
    by_model = numbers.groupby("llm")
    most = by_model["selected_model"].agg(lambda names: names.mode().iloc[0])
    told = weights.drop_duplicates("model", keep="last").set_index("model")
    worth = told[["weight", "regret_with", "regret_without", "n_datasets"]]
    found = pd.concat([most, by_model[list(MEANS)].mean().round(4)], axis=1)
    return found.join(worth).rename_axis("llm").reset_index()
