"""The relative score: what the surrogate learns (paper, section 2.2, normalised per dataset).

A raw score mostly says how easy a dataset is. Rescaled within its dataset, a score says how good
the configuration was there, which is what carries over to a dataset never seen.
"""

import pandas as pd

from metallmix_kedro.history.columns import SCORE

NO_SPREAD = 0.5
"""Relative score where all trials of a group scored the same: neither its best nor its worst."""


def has_score(history: pd.DataFrame) -> pd.Series:
    """Say which trials finished and have a score.

    Parameters
    ----------
    history : pandas.DataFrame
        Has the columns ``status`` and ``score``; n rows.

    Returns
    -------
    pandas.Series of bool
        Length n, on the history's index.
    """
    return (history["status"] == "finished") & history[SCORE].notna()


def origin(history: pd.DataFrame) -> pd.Series:
    """Say in whose hands a trial was measured: its source, or, if imported, its import.

    Parameters
    ----------
    history : pandas.DataFrame
        Has the columns ``source`` and ``proposer``; n rows.

    Returns
    -------
    pandas.Series of str
        Length n, on the history's index: ``"measured"``, ``"published"``, ``"import:<name>"``.
    """
    source, imported = history["source"], history["source"] == "imported"
    if not imported.any():
        return source
    return source.astype("str").mask(imported, history["proposer"].astype("str"))


def range_keys(history: pd.DataFrame) -> list[pd.Series]:
    """Return by what, besides the dataset, scores of trials have a range: origin and level.

    Under another protocol, or with fewer images, scores have another range.
    """
    keys = [origin(history)]
    if "level" in history:
        keys.append(history["level"].astype(object).fillna(""))
    return keys


def add_relative_score(history: pd.DataFrame) -> pd.DataFrame:
    """Add the score rescaled within its dataset, origin and level.

    ``relative_score = (score - min) / (max - min)`` over the finished trials with a score of one
    dataset, `origin` and level: 0 is the worst trial recorded there, 1 the best. Origins and levels
    are kept apart: under another protocol, or with fewer images, scores have another range. A group
    without spread (a single trial, or equal scores) gets `NO_SPREAD`.

    Parameters
    ----------
    history : pandas.DataFrame
        Has the columns ``dataset``, ``source``, ``proposer``, ``status`` and ``score`` (in
        [0, 1], see `history.objective`); n rows. It is not changed.

    Returns
    -------
    pandas.DataFrame
        The history with the column ``relative_score``, in [0, 1]; missing where a trial failed
        or has no score.

    Examples
    --------
    >>> trials = pd.DataFrame({"dataset": "d", "source": "measured", "proposer": "random",
    ...                        "status": "finished", "score": [0.6, 0.7, 0.8]})
    >>> add_relative_score(trials)["relative_score"].round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    score = history[SCORE].where(has_score(history))
    groups = score.groupby([history["dataset"], *range_keys(history)])
    lowest, highest = groups.transform("min"), groups.transform("max")
    spread = (highest - lowest).where(highest > lowest)
    relative = ((score - lowest) / spread).where(spread.notna() | score.isna(), NO_SPREAD)
    return history.assign(relative_score=relative)


def with_all_images(trials: pd.DataFrame) -> pd.DataFrame:
    """Keep, of datasets measured with several numbers of training images, the trials with all.

    Parameters
    ----------
    trials : pandas.DataFrame
        Column ``dataset``, and ``level`` where there are levels; n rows.
    """
    if "level" not in trials:
        return trials
    everything = (trials["level"] == "all").fillna(False).astype(bool)
    has_all = trials["dataset"].isin(trials.loc[everything, "dataset"])
    return trials[everything | ~has_all]
