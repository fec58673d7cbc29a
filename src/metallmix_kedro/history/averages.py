"""How well configurations do on average over the datasets of a history.

Random configurations are drawn once and tried on every dataset, so their means can be compared; a
configuration that one dataset alone has seen tells little, however well it did there.
"""

import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.relative import add_relative_score, has_score, with_all_images


def known_configurations(history: pd.DataFrame) -> pd.DataFrame:
    """Return the finished trials with a score whose seven hyperparameters are all known."""
    known = history[list(configuration_columns())].notna().all(axis=1)
    return history[has_score(history) & known]


def comparable_configurations(history: pd.DataFrame) -> pd.DataFrame:
    """Return the finished trials with a score whose configuration is told from the others.

    These are the fully known ones and all imported: what an import does not say of its trials,
    it did not vary, or it lies in what it does say, as the head does in a backbone's name. Of a
    dataset measured with several numbers of training images, those with all of them.
    """
    known = history[list(configuration_columns())].notna().all(axis=1)
    told_apart = history[has_score(history) & (known | (history["source"] == "imported"))]
    return with_all_images(told_apart)


def configuration_means(history: pd.DataFrame) -> pd.DataFrame:
    """Average each comparable configuration over the datasets it was measured on.

    Every dataset counts once, however often a configuration was tried on it. A hyperparameter
    that is missing equals one that is missing.

    Parameters
    ----------
    history : pandas.DataFrame
        Trials with the columns of the history; ``relative_score`` is added if it is not there.

    Returns
    -------
    pandas.DataFrame
        One row a configuration: its seven columns, ``mean_relative_score`` in [0, 1],
        ``n_datasets`` and ``n_trials``; best first, equals in the order of the configuration.
    """
    scored = history if "relative_score" in history else add_relative_score(history)
    keys = list(configuration_columns())
    by_dataset = (
        comparable_configurations(scored)
        .groupby([*keys, "dataset"], sort=False, observed=True, dropna=False)["relative_score"]
        .agg(["mean", "size"])
        .reset_index()
    )
    means = by_dataset.groupby(keys, sort=True, observed=True, dropna=False).agg(
        mean_relative_score=("mean", "mean"), n_datasets=("mean", "size"), n_trials=("size", "sum")
    )
    return means.reset_index().sort_values(
        "mean_relative_score", ascending=False, kind="stable", ignore_index=True
    )


def shared_enough(means: pd.DataFrame, n_datasets: int) -> pd.DataFrame:
    """Keep the configurations measured widely enough for their means to be compared.

    That is on at least half of the datasets; if there is none, the rule relaxes to those that
    were measured on the most datasets. What was measured on none is never among them.

    Parameters
    ----------
    means : pandas.DataFrame
        With ``n_datasets``, on how many each was measured, as `configuration_means` makes it.
    n_datasets : int
        Datasets in the history.
    """
    counts = means["n_datasets"]
    return means[counts >= max(1, min(n_datasets / 2, counts.max() if len(counts) else 0))]


def best_on_average(means: pd.DataFrame, n_datasets: int) -> int | None:
    """Find the configuration that is best on average, among those measured widely enough.

    Parameters
    ----------
    means : pandas.DataFrame
        A row a configuration, with ``mean_relative_score`` and ``n_datasets``; those measured on
        none may be among them.
    n_datasets : int
        Datasets that the means are over.

    Returns
    -------
    int or None
        The number of its row, from 0; of equals the first. None where none was measured.
    """
    shared = shared_enough(means.reset_index(drop=True), n_datasets)["mean_relative_score"]
    return None if shared.empty else int(shared.index.to_numpy()[shared.to_numpy(float).argmax()])
