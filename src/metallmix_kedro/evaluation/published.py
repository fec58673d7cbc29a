"""The paper's own figures, kept apart from what is measured here (paper, section 3.3)."""

import pandas as pd

from metallmix_kedro.history import check_columns

PAPER_METHOD = "MetaLLMiX (Ours)"
"""The paper's row that is the best language model of each dataset, chosen after the test."""

_METHOD_COLUMNS = ("dataset", "method", "cv_accuracy", "response_time_s", "training_time_s")
_LLM_COLUMNS = (
    "dataset", "llm", "accuracy", "response_time_s", "training_time_s", "completeness", "fluency",
    "conciseness", "consistency", "format",
)  # fmt: skip


def published_reference(outcomes: pd.DataFrame, methods: pd.DataFrame) -> pd.DataFrame:
    """Average the paper's figures over its eight datasets, a row a method and a language model.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        The 72 outcomes by language model.
    methods : pandas.DataFrame
        The paper's Table 3.

    Returns
    -------
    pandas.DataFrame
        Columns ``method``, ``selection`` (how the figure was chosen), ``n_datasets``,
        ``mean_accuracy`` in [0, 1], ``mean_response_time_s`` and ``mean_training_time_s``
        in seconds; the highest accuracy first.

    Raises
    ------
    ArtifactError
        If one of the tables lacks a column.
    """
    check_columns(outcomes, _LLM_COLUMNS, "published_outcomes")
    check_columns(methods, _METHOD_COLUMNS, "published_methods")
    table_3 = methods.rename(columns={"cv_accuracy": "accuracy"}).assign(
        selection=methods["method"].map(
            lambda name: "best of nine LLMs after the test" if name == PAPER_METHOD else "search"
        )
    )
    llms = outcomes.assign(method="MetaLLMiX with " + outcomes["llm"], selection="one fixed LLM")
    together = pd.concat([table_3, llms], join="inner", ignore_index=True)
    return (
        together.groupby(["method", "selection"], as_index=False)
        .agg(
            n_datasets=("dataset", "nunique"),
            mean_accuracy=("accuracy", "mean"),
            mean_response_time_s=("response_time_s", "mean"),
            mean_training_time_s=("training_time_s", "mean"),
        )
        .sort_values(["mean_accuracy", "method"], ascending=[False, True], ignore_index=True)
    )
