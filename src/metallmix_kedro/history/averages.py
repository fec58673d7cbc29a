"""The best-on-average configuration: the baseline that is hard to beat.

It knows nothing of the target: it is the configuration that did best on the datasets of the
history. Random configurations are drawn once and tried on every dataset, so their means can be
compared; a configuration that one dataset alone has seen tells little, however well it did there.
"""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from metallmix_kedro.errors import InputError
from metallmix_kedro.history.relative import add_relative_score, has_score
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS, Configuration


@dataclass(frozen=True, slots=True)
class BestOnAverage:
    """The configuration with the highest mean relative score, and how widely it was measured.

    Parameters
    ----------
    configuration : Configuration
        The pick.
    mean_relative_score : float
        Mean over datasets of its relative score, in [0, 1].
    n_datasets : int
        Datasets it was measured on.
    n_datasets_in_history : int
        Datasets with at least one trial whose configuration is fully known.
    """

    configuration: Configuration
    mean_relative_score: float
    n_datasets: int
    n_datasets_in_history: int

    @property
    def shared_enough(self) -> bool:
        """Whether it was measured on at least half of the datasets, as the rule asks."""
        return 2 * self.n_datasets >= self.n_datasets_in_history


def known_configurations(history: pd.DataFrame) -> pd.DataFrame:
    """Return the finished trials with a score whose seven hyperparameters are all known."""
    known = history[list(CONFIGURATION_COLUMNS)].notna().all(axis=1)
    return history[has_score(history) & known]


def comparable_configurations(history: pd.DataFrame) -> pd.DataFrame:
    """Return the finished trials with a score whose configuration is told from the others.

    These are the fully known ones and all imported: what an import does not say of its trials,
    it did not vary, or it lies in what it does say, as the head does in a backbone's name.
    """
    known = history[list(CONFIGURATION_COLUMNS)].notna().all(axis=1)
    return history[has_score(history) & (known | (history["source"] == "imported"))]


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
    keys = list(CONFIGURATION_COLUMNS)
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
    were measured on the most datasets.

    Parameters
    ----------
    means : pandas.DataFrame
        With ``n_datasets``, as `configuration_means` makes it.
    n_datasets : int
        Datasets in the history.
    """
    if means.empty:
        return means
    needed = min(n_datasets / 2, int(means["n_datasets"].max()))
    return means[means["n_datasets"] >= needed]


def best_on_average(
    history: pd.DataFrame, backbones: Collection[str] | None = None
) -> BestOnAverage:
    """Pick the configuration with the highest mean relative score over the history's datasets.

    It can be carried out: all its hyperparameters are known. Only configurations measured on at
    least half of the datasets take part. If none is, those measured on the most datasets do, and
    `BestOnAverage.shared_enough` is false.

    Parameters
    ----------
    history : pandas.DataFrame
        Trials with the columns of the history.
    backbones : collection of str, optional
        Backbones that may be picked; all if not given.

    Returns
    -------
    BestOnAverage

    Raises
    ------
    InputError
        If no finished trial with one of these backbones has a fully known configuration.
    """
    means = configuration_means(history).dropna(subset=list(CONFIGURATION_COLUMNS))
    if backbones is not None:
        means = means[means["backbone"].isin(list(backbones))]
    if means.empty:
        asked = "" if backbones is None else f" with the backbones {', '.join(sorted(backbones))}"
        raise InputError(
            f"The history holds no finished trial{asked} whose seven hyperparameters are all "
            "known, so there is no best-on-average configuration. Allow other backbones, or add "
            "trials to the history (pipeline experiment_grid)."
        )
    n_datasets = int(known_configurations(history)["dataset"].nunique())
    best = shared_enough(means, n_datasets).iloc[0]
    values = {name: best[name] for name in CONFIGURATION_COLUMNS}
    return BestOnAverage(
        configuration=Configuration.from_mapping(values),
        mean_relative_score=float(best["mean_relative_score"]),
        n_datasets=int(best["n_datasets"]),
        n_datasets_in_history=n_datasets,
    )
