"""Recorded trials of a dataset as a table that methods choose from."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns, meta_feature_columns
from metallmix_kedro.history import (
    N_TRAIN,
    SCORE,
    History,
    half_accuracies,
    has_score,
    origin,
    same_setting,
)
from metallmix_kedro.meta_features import PROBE_FEATURES
from metallmix_kedro.support import ArtifactError, ParameterError

Values = npt.NDArray[np.float64]

MIN_DATASETS = 3
"""Fewest scored datasets: with one left out, a mean over the others needs two."""


@dataclass(frozen=True)
class ReplayTable:
    """The recorded trials of one dataset, one a configuration, n rows.

    Parameters
    ----------
    dataset : str
        Its name.
    candidates : pandas.DataFrame
        What a method may see: meta-features and configuration, index 0 to n − 1.
    trial_ids : pandas.Series of str
        Length n.
    scores : ndarray
        Recorded scores in [0, 1], shape (n,).
    training_times : ndarray
        Recorded seconds, shape (n,); NaN where none was recorded.
    halves : ndarray
        Recorded accuracies on each half of the test images, shape (n, 2); NaN where unknown.
    data_hashes : frozenset of str
        Hashes of the images they were measured on, where recorded.
    """

    dataset: str
    candidates: pd.DataFrame
    trial_ids: pd.Series
    scores: Values
    training_times: Values
    halves: Values
    data_hashes: frozenset[str] = frozenset()

    @property
    def regrets(self) -> Values:
        """Normalised regrets in [0, 1], shape (n,): 0 for the best recorded trial, 1 the worst."""
        best, worst = self.scores.max(), self.scores.min()
        regrets: Values = (best - self.scores) / (best - worst)
        return regrets


def replay_tables(
    history: History, source: str, min_trials: int, targets: Collection[str] | None = None
) -> tuple[list[ReplayTable], dict[str, str]]:
    """Make a replay table of every dataset that can be scored.

    Parameters
    ----------
    history : History
        All trials; of each dataset, those of one setting are replayed (`same_setting`): with all
        images to train on, where there are such.
    source : str
        ``"measured"`` or ``"imported"``: whose trials are replayed.
    min_trials : int
        Fewest recorded trials of a dataset.
    targets : collection of str, optional
        The only datasets that are scored.

    Returns
    -------
    tables : list of ReplayTable
        By name of the dataset.
    excluded : dict of str to str
        Datasets that cannot be scored, with the reason.

    Raises
    ------
    ArtifactError
        If fewer than `MIN_DATASETS` datasets can be scored.
    ParameterError
        If the history lacks one of the targets.
    """
    tables, excluded = [], {}
    table = history.table
    usable = same_setting(table[has_score(table) & (table["source"] == source)])
    origins = origin(usable)
    known = set(table["dataset"])
    if unknown := sorted(set(targets or ()) - known):
        raise ParameterError(
            f"evaluation.targets names {', '.join(unknown)}, of which the history has no trial."
        )
    for name in sorted(known.intersection(targets) if targets is not None else known):
        recorded = usable[usable["dataset"] == name]
        trials = _one_a_configuration(recorded)
        peers = usable[origins.isin(origins[recorded.index])]
        reason = _why_not(trials, min_trials, _given_meta_features(peers))
        if reason:
            excluded[str(name)] = reason
        else:
            tables.append(_table(str(name), trials))
    if len(tables) < MIN_DATASETS:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in excluded.items())
        raise ArtifactError(
            f"The history can be evaluated on {len(tables)} datasets; at least {MIN_DATASETS} with "
            f"trials of the source '{source}' are needed (parameter evaluation.source). "
            f"Not usable: {reasons or 'none'}."
        )
    return tables, excluded


def _one_a_configuration(trials: pd.DataFrame) -> pd.DataFrame:
    # The choice among several records of a configuration must not look at their scores.
    ordered = trials.sort_values(["n_folds", "trial_id"], ascending=[False, True], kind="stable")
    kept = ordered.drop_duplicates(list(configuration_columns()))
    return kept.sort_values("trial_id", ignore_index=True)


def _given_meta_features(trials: pd.DataFrame) -> list[str]:
    """Name those that the origin of trials knows at all; an import may have fewer than we do."""
    return [name for name in meta_feature_columns() if trials[name].notna().any()]


def _why_not(trials: pd.DataFrame, min_trials: int, given: list[str]) -> str | None:
    if len(trials) < min_trials:
        return f"{len(trials)} recorded trials, fewer than {min_trials}"
    if trials[SCORE].nunique() < 2:
        return "all recorded trials have the same score"
    missing = [name for name in given if trials[name].isna().any()]
    return f"meta-features missing: {', '.join(missing)}" if missing else None


def _table(name: str, trials: pd.DataFrame) -> ReplayTable:
    target = {column: trials[column].iloc[0] for column in meta_feature_columns()}
    probed = [name for name in (N_TRAIN, *PROBE_FEATURES) if name in trials]
    return ReplayTable(
        dataset=name,
        candidates=trials[[*configuration_columns(), *probed]].assign(**target),
        trial_ids=trials["trial_id"],
        scores=trials[SCORE].to_numpy(dtype=float),
        training_times=trials["training_time_s"].to_numpy(dtype=float),
        halves=half_accuracies(trials),
        data_hashes=frozenset(trials["data_hash"].dropna()),
    )
