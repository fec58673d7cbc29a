"""Joining trials of all sources into one history (paper, section 2.1: the meta-dataset)."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from metallmix_kedro.history.columns import history_columns, later_values
from metallmix_kedro.history.published import published_trials
from metallmix_kedro.history.schema import checked
from metallmix_kedro.support import ArtifactError

MAX_LISTED = 10
"""Offending rows that an error message lists before it only counts."""


def collect_history(
    previous: pd.DataFrame | None,
    trials: Iterable[Mapping[str, Any]],
    published: pd.DataFrame,
    imported: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Join an earlier history, newly recorded trials, imported ones and the published outcomes.

    Imported trials take the place of all that an import of the same name left in the earlier
    history, so that a corrected table leaves no stale rows. Of several records with one trial id,
    a finished one beats a failed one, else the later one wins: `trials` are later than `previous`,
    and among themselves in the order given.

    Parameters
    ----------
    previous : pandas.DataFrame or None
        An earlier history, columns `history_columns`; None when there is none.
    trials : iterable of mapping
        Recorded trials, as `grid.readable_records` lets them pass: the keys `history_columns`
        (`later_values` may be absent), None where nothing is known.
    published : pandas.DataFrame
        The paper's outcomes as shipped (see `history.published.published_trials`).
    imported : pandas.DataFrame, optional
        Imported trials, columns `history_columns` (see `history.importing`).

    Returns
    -------
    pandas.DataFrame
        Satisfies `history_schema`; columns `history_columns`, sorted by dataset, source, trial id.

    Raises
    ------
    ArtifactError
        If the earlier history has other columns, a value breaks the schema, a number is infinite,
        or a finished trial has no score; the message lists row, column and value.
    """
    earlier = no_trials() if previous is None else _with_history_columns(previous)
    new = no_trials() if imported is None else _with_history_columns(imported)
    # Imported trials come first: of two descriptions of a dataset, the one measured here counts.
    records = [{**later_values(), **record} for record in trials]
    measured = pd.DataFrame(records, columns=list(history_columns()), dtype=object)
    sources = [new, _without_imports_of(earlier, new), measured]
    known = pd.concat(sources, ignore_index=True)
    joined = pd.concat(
        [known.astype(object), published_trials(published, known).astype(object)],
        ignore_index=True,
    )
    return _validated(_one_row_a_trial(joined))


def no_trials() -> pd.DataFrame:
    """Return a history without trials."""
    return pd.DataFrame(columns=list(history_columns()), dtype=object)


def _without_imports_of(earlier: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Leave out what imports of the same names brought before."""
    stale = (earlier["source"] == "imported") & earlier["proposer"].isin(new["proposer"])
    return earlier[~stale]


def _with_history_columns(previous: pd.DataFrame) -> pd.DataFrame:
    lacking = {name: value for name, value in later_values().items() if name not in previous}
    if differing := sorted({*map(str, previous), *lacking} ^ set(history_columns())):
        raise ArtifactError(
            "The earlier history does not have the columns of a history (missing or unknown: "
            f"{', '.join(differing)}). Restore it, or collect without it."
        )
    # As objects, joined tables keep their values as they are; the schema sets the types once.
    return previous.assign(**lacking)[list(history_columns())].astype(object)


def _one_row_a_trial(rows: pd.DataFrame) -> pd.DataFrame:
    finished = (rows["status"] == "finished").rename("finished")
    # A stable sort: among records of equal rank the later one stays last, and is kept.
    order = finished.sort_values(kind="stable").index
    kept = rows.loc[order].drop_duplicates("trial_id", keep="last")
    return kept.sort_index()


def _validated(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.reset_index(drop=True)
    history, faults = checked(rows)
    if faults:
        more = len(faults) - MAX_LISTED
        listed = [
            f"row {rows['trial_id'][fault.row]}, column {fault.column}: "
            f"{rows[fault.column][fault.row]} {fault.reason}"
            for fault in faults[:MAX_LISTED]
        ] + ([f"and {more} more"] if more > 0 else [])
        raise ArtifactError(
            f"The trials cannot be joined into a history; {len(faults)} values are not allowed:\n"
            "  " + "\n  ".join(listed) + "\nCorrect or remove these records and collect again."
        )
    return history.sort_values(["dataset", "source", "trial_id"], ignore_index=True)
