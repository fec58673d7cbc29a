"""The searches of a history: what they found, and what that cost (paper, Table 3)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.history.columns import ACCURACY
from metallmix_kedro.history.published import PAPER_DATASETS, check_columns
from metallmix_kedro.support import ArtifactError

SEARCHES: dict[str, str] = {
    "random_search": "Random Search",
    "bayesian_search": "Bayesian Opt.",
}
"""The searches, and what the paper's Table 3 calls them."""

TIME_NOTE = "sum of recorded trial times; shared features counted with every trial that uses them"
PUBLISHED_NOTE = "measured elsewhere, by the paper's authors: other backbones, budget and machine"

COMPARISON_COLUMNS: tuple[str, ...] = (
    "dataset",
    "search",
    "n_trials",
    "n_failed",
    "validation_accuracy",
    "test_accuracy",
    "best_test_accuracy",
    "total_time_s",
    "chosen_trial",
    "chosen_backbone",
    "chosen_strategy",
    "chosen_training_time_s",
    "image_size",
    "subset_size",
    "time_note",
    "published_cv_accuracy",
    "published_response_time_s",
    "published_training_time_s",
    "published_note",
)
"""The columns of the comparison, in order."""

Search = Mapping[str, Any]


def follow_search(history: pd.DataFrame, search: Search) -> pd.DataFrame:
    """Go through the trials of a search as somebody who sees validation accuracies only.

    Parameters
    ----------
    history : pandas.DataFrame
        Holds the trials of the search.
    search : mapping
        One search of `metallmix_kedro.grid.retrace`: ``trial_ids`` in the order tried.

    Returns
    -------
    pandas.DataFrame
        The trials in that order, with the columns of the history and

        - ``n_trials``: 1, 2, ...; a failed trial counts;
        - ``total_time_s``: sum of ``training_time_s`` so far; a failed trial has none;
        - ``chosen``: number of the row with the highest validation accuracy so far, of equals the
          first; missing before there is one;
        - ``chosen_test_accuracy``: its test accuracy;
        - ``best_test_accuracy``: the highest test accuracy so far, which nobody knows in time.

    Raises
    ------
    ArtifactError
        If the history lacks a trial of the search.
    """
    known = history.drop_duplicates("trial_id").set_index("trial_id", drop=False)
    missing = [name for name in search["trial_ids"] if name not in known.index]
    if missing:
        raise ArtifactError(
            f"The history lacks {len(missing)} trials of the {search['search']} on "
            f"{search['dataset']}, the first of them {missing[0]}. Retrace the searches of this "
            "history: kedro run --pipelines=experiment_grid "
            "--nodes=experiment_grid.retrace_searches"
        )
    steps = known.loc[list(search["trial_ids"])].reset_index(drop=True)
    finished = steps["status"] == "finished"
    validation = steps["validation_accuracy"].where(finished)
    # Only a strictly higher value takes over.
    higher = validation > validation.cummax().ffill().shift().fillna(-np.inf)
    chosen = pd.Series(steps.index, dtype="Int64").where(higher).ffill()
    test = steps[ACCURACY].where(finished)
    return steps.assign(
        n_trials=np.arange(1, len(steps) + 1),
        total_time_s=steps["training_time_s"].fillna(0).cumsum(),
        chosen=chosen,
        chosen_test_accuracy=chosen.map(test, na_action="ignore").astype(float),
        best_test_accuracy=test.cummax().ffill(),
    )


def compare_searches(
    history: pd.DataFrame, searches: Mapping[str, Search], published: pd.DataFrame
) -> pd.DataFrame:
    """Tell what every search ended with, beside the paper's figures (its Table 3).

    The trial is chosen by its validation accuracy, as one would in earnest; ``test_accuracy`` is
    what that trial scored, ``best_test_accuracy`` what the best one did.

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
        A row a dataset and search, columns `COMPARISON_COLUMNS`, the paper's datasets first, in
        its order. ``published_`` columns are missing for all others. Accuracies in [0, 1], times
        in seconds.

    Raises
    ------
    ArtifactError
        If the paper's table lacks a column, or the history a trial of a search.
    """
    papers = _published(published)
    rows = [_outcome(history, search) for search in sorted(searches.values(), key=_rank)]
    own = [name for name in COMPARISON_COLUMNS if not name.startswith("published_")]
    return pd.DataFrame(rows, columns=own).merge(papers, how="left", on=["dataset", "search"])


def _rank(search: Search) -> tuple[int, str, int]:
    names = [paper.name for paper in PAPER_DATASETS.values()]
    name = search["dataset"]
    place = names.index(name) if name in names else len(names)
    return place, name, list(SEARCHES).index(search["search"])


def _outcome(history: pd.DataFrame, search: Search) -> dict[str, Any]:
    steps = follow_search(history, search)
    end = steps.iloc[-1]
    told = {
        "dataset": search["dataset"],
        "search": search["search"],
        "n_trials": len(steps),
        "n_failed": int((steps["status"] != "finished").sum()),
        "test_accuracy": end["chosen_test_accuracy"],
        "best_test_accuracy": end["best_test_accuracy"],
        "total_time_s": end["total_time_s"],
        "image_size": end["image_size"],
        "subset_size": end["subset_size"],
        "time_note": TIME_NOTE,
    }
    if pd.isna(end["chosen"]):
        return told
    chosen = steps.loc[int(end["chosen"])]
    return told | {
        "validation_accuracy": chosen["validation_accuracy"],
        "chosen_trial": chosen["trial_id"],
        "chosen_backbone": chosen.get("backbone"),
        "chosen_strategy": chosen.get("strategy"),
        "chosen_training_time_s": chosen["training_time_s"],
    }


def _published(table: pd.DataFrame) -> pd.DataFrame:
    columns = ("cv_accuracy", "response_time_s", "training_time_s")
    check_columns(table, ("dataset", "method", *columns), "published_methods")
    names = {paper_name: paper.name for paper_name, paper in PAPER_DATASETS.items()}
    searches = {paper_name: search for search, paper_name in SEARCHES.items()}
    known = pd.DataFrame(
        {
            "dataset": table["dataset"].map(names),
            "search": table["method"].map(searches),
            **{f"published_{name}": table[name] for name in columns},
            "published_note": PUBLISHED_NOTE,
        }
    )
    return known.dropna(subset=["dataset", "search"])
