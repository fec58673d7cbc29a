"""The trials of a history that may be compared with each other (paper, section 2.1)."""

import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.columns import ACCURACY, SCORE
from metallmix_kedro.history.relative import add_relative_score, has_score, origin

SETTING: tuple[str, ...] = (
    "data_hash",
    "image_size",
    "subset_size",
    "level",
    "patience",
    "freeze_batch_norm",
    "seed",
)
"""What has to agree for two trials on a dataset to be compared.

Folds and epochs are left out: a protocol sets them by strategy. So is ``test_size``, which makes a
score more exact and means no other.
"""

GUIDED_PROPOSERS: tuple[str, ...] = ("bayesian",)
"""Proposers that look at outcomes: their trials crowd where scores are high."""


def same_setting(history: pd.DataFrame) -> pd.DataFrame:
    """Keep, of each dataset and origin, the trials of one setting.

    It is the most frequent one of those that trained with all images; where there is none, the
    most frequent one.

    Parameters
    ----------
    history : pandas.DataFrame
        Trials with the columns of the history; n rows.

    Returns
    -------
    pandas.DataFrame
        Some of the rows, in their order. Between settings with equally many finished trials, the
        one whose trials come first stays.
    """
    where = [history["dataset"], origin(history)]
    # A history that was stored earlier knows no levels.
    agreeing = [column for column in SETTING if column in history.columns]
    setting = history.groupby(agreeing, dropna=False, sort=False).ngroup()
    counts = _finished(history).groupby([*where, setting]).transform("sum")
    if "level" in history:
        # Many cheap trials on few images do not outvote those that answer the question asked.
        counts = counts.where(history["level"].ne("all") | counts.eq(0), counts + len(history))
    return history[_most_frequent(setting, counts, where)]


def of_usual_image_size(history: pd.DataFrame) -> pd.Series:
    """Say which trials saw images of the size that most trials of their dataset and origin saw.

    In larger images there is more to see, so that scores of several sizes have no range in common.
    Where the image size is a hyperparameter it is learned as any other, and all trials count.

    Parameters
    ----------
    history : pandas.DataFrame
        Trials with the columns of the history, perhaps without ``image_size``; n rows.

    Returns
    -------
    pandas.Series of bool
        Length n, on the history's index. Of two sizes with equally many finished trials, the one
        whose trials come first is the usual one.
    """
    one_size = "image_size" not in history or history["image_size"].nunique(dropna=False) < 2
    if one_size or "image_size" in configuration_columns():
        return pd.Series(True, index=history.index)
    where = [history["dataset"], origin(history)]
    size = history["image_size"].astype("float64").fillna(0)
    counts = _finished(history).groupby([*where, size]).transform("sum")
    return _most_frequent(size, counts, where)


def _finished(history: pd.DataFrame) -> pd.Series:
    return (history["status"] == "finished") & history[ACCURACY].notna()


def _most_frequent(setting: pd.Series, counts: pd.Series, where: list[pd.Series]) -> pd.Series:
    """Say which rows have the setting that is counted most often where they are."""
    most = counts.groupby(where).transform("max")
    # Of several that are as frequent, the first; a missing value would never equal itself.
    chosen = setting.where(counts == most).groupby(where).transform("first")
    return setting == chosen


def comparable_trials(history: pd.DataFrame) -> pd.DataFrame:
    """Return the trials from which something can be learned about hyperparameters.

    They finished with a score, were measured here or imported, all in one setting a dataset, and
    were proposed without a look at outcomes: at random, evenly over the space. What an optimiser
    proposed is left out, since its favourites would seem better for having been tried more often;
    so are the published outcomes, of which only the backbone is known.

    Parameters
    ----------
    history : pandas.DataFrame
        Trials with the columns of the history.

    Returns
    -------
    pandas.DataFrame
        Some of the rows, renumbered, with three more columns: ``score``, the accuracy;
        ``relative_score`` in [0, 1] among them; and ``group``, the dataset's name; of imported
        trials with the import's name in brackets, since the same images under another protocol
        are another matter.
    """
    scored = history.assign(**{SCORE: history[ACCURACY]})
    candidates = same_setting(scored[scored["source"] != "published"])
    unguided = ~candidates["proposer"].isin(GUIDED_PROPOSERS)
    kept = candidates[has_score(candidates) & unguided].reset_index(drop=True)
    imported = kept["source"] == "imported"
    names = kept["dataset"].astype(object)
    groups = names.mask(imported, names + " (" + kept["proposer"].astype(object) + ")")
    return add_relative_score(kept).assign(group=groups)
