"""The searches of a history: what they found, and what that cost (paper, Table 3)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from metallmix_kedro.history.columns import ACCURACY
from metallmix_kedro.history.published import PAPER_DATASETS, check_columns
from metallmix_kedro.support import ArtifactError

SEARCHES: dict[str, str] = {
    "random_search": "Random Search",
    "bayesian_search": "Bayesian Opt.",
}
"""The searches, and what the paper's Table 3 calls them."""

OUTCOME_COLUMNS: tuple[str, ...] = (
    "dataset",
    "search",
    "n_trials",
    "n_failed",
    "total_time_s",
    "best_test_accuracy",
    "chosen_trial",
    "validation_accuracy",
    "test_accuracy",
)
"""What is told of each search."""

PAPER_COLUMNS: tuple[str, ...] = ("cv_accuracy", "response_time_s", "training_time_s")
"""What the paper's table tells of each."""

Search = Mapping[str, Any]


def compare_searches(
    history: pd.DataFrame, searches: Mapping[str, Search], published: pd.DataFrame
) -> pd.DataFrame:
    """Tell what every search ended with, beside the paper's figures (its Table 3).

    The trial is chosen by its validation accuracy, as one would in earnest; ``test_accuracy`` is
    what that trial scored, ``best_test_accuracy`` what the best one did. Features that trials share
    count in the time of each. The paper's figures are of other backbones, budgets and machines.

    Parameters
    ----------
    history : pandas.DataFrame
        Holds the trials of the searches.
    searches : mapping of str to mapping
        The searches of `metallmix_kedro.grid.retrace`; their keys do not matter.
    published : pandas.DataFrame
        The paper's Table 3: columns ``dataset``, ``method``, ``cv_accuracy`` in [0, 1],
        ``response_time_s`` and ``training_time_s``.

    Returns
    -------
    pandas.DataFrame
        A row a dataset and search, sorted by these, columns `OUTCOME_COLUMNS` and `PAPER_COLUMNS`
        after ``published_``, missing for datasets that are not the paper's. Accuracies in [0, 1],
        times in seconds.

    Raises
    ------
    ArtifactError
        If the paper's table lacks a column, or the history a trial of a search.
    """
    check_columns(published, ("dataset", "method", *PAPER_COLUMNS), "published_methods")
    names = {paper_name: paper.dataset for paper_name, paper in PAPER_DATASETS.items()}
    papers = published[list(PAPER_COLUMNS)].add_prefix("published_")
    papers = papers.assign(
        dataset=published["dataset"].map(names),
        search=published["method"].map({paper: search for search, paper in SEARCHES.items()}),
    )
    rows = [_outcome(history, search) for search in searches.values()]
    found = pd.DataFrame(rows, columns=list(OUTCOME_COLUMNS)).sort_values(["dataset", "search"])
    return found.merge(papers, how="left", on=["dataset", "search"])


def _outcome(history: pd.DataFrame, search: Search) -> dict[str, Any]:
    """Return the values of `OUTCOME_COLUMNS`, the last three where a trial was validated."""
    known = history.drop_duplicates("trial_id").set_index("trial_id")
    missing = [name for name in search["trial_ids"] if name not in known.index]
    if missing:
        raise ArtifactError(
            f"The history lacks {len(missing)} trials of the {search['search']} on "
            f"{search['dataset']}, the first of them {missing[0]}. Retrace the searches of this "
            "history: kedro run --pipelines=experiment_grid "
            "--nodes=experiment_grid.retrace_searches"
        )
    trials = known.loc[list(search["trial_ids"])]
    finished = trials[trials["status"] == "finished"]
    outcome = {
        "dataset": search["dataset"],
        "search": search["search"],
        "n_trials": len(trials),
        "n_failed": len(trials) - len(finished),
        "total_time_s": trials["training_time_s"].sum(),  # a failed trial has none
        "best_test_accuracy": finished[ACCURACY].max(),
    }
    validated = finished["validation_accuracy"].dropna()
    if validated.empty:
        return outcome
    chosen = str(validated.idxmax())  # of equals, the first
    return outcome | {
        "chosen_trial": chosen,
        "validation_accuracy": validated[chosen],
        "test_accuracy": finished[ACCURACY][chosen],
    }
