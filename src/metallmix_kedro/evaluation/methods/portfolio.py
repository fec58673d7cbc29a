"""A portfolio: few configurations of which one is good, whatever the dataset.

Greedy construction, as for the portfolios of Auto-sklearn 2.0 (Feurer et al., JMLR 2022).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.history import History

Values = npt.NDArray[np.float64]


def by_portfolio(task: Task, _rng: np.random.Generator, n_picks: int) -> list[int]:
    """Take the members of a portfolio of the recorded configurations, as they joined."""
    known = task.knowledge.learn(dataset_scores).reset_index()
    configuration = [*configuration_columns()]
    shared = known.merge(task.configurations, on=configuration)
    if shared.empty:
        return []
    scores = shared.drop(columns=[*configuration, "position"]).to_numpy(dtype=float)
    return [int(shared["position"].iloc[row]) for row in greedy_portfolio(scores, n_picks)]


def dataset_scores(training: History, _settings: Settings) -> pd.DataFrame:
    """Return what each comparable configuration scored on each dataset.

    Parameters
    ----------
    training : History
        What may be learned from.
    settings : Settings
        Not asked.

    Returns
    -------
    pandas.DataFrame
        Index: the hyperparameters, sorted; columns: datasets. Mean relative scores in
        [0, 1], NaN where a configuration was not measured.
    """
    keys = [*configuration_columns(), "dataset"]
    means = training.comparable.groupby(keys, dropna=False, observed=True)["relative_score"].mean()
    return means.unstack("dataset")


def greedy_portfolio(scores: Values, size: int) -> list[int]:
    """Choose configurations one by one, each the one that helps the set the most.

    Parameters
    ----------
    scores : ndarray
        Shape (configurations, datasets): relative scores in [0, 1], NaN where not measured.
    size : int
        Members.

    Returns
    -------
    list of int
        At most `size` rows, each once. Each raises the mean over datasets of the best score in
        the set the most; equals by the mean over all datasets (0 where not measured), then by
        the order of the rows.

    Examples
    --------
    >>> greedy_portfolio(np.array([[0.9, 0.1], [0.6, 0.6], [0.0, 1.0], [0.7, np.nan]]), 3)
    [1, 2, 0]
    """
    known = np.nan_to_num(scores)
    means = known.mean(axis=1)
    best = np.zeros(known.shape[1])
    members: list[int] = []
    while len(members) < min(size, len(known)):
        gains = (np.maximum(known, best) - best).mean(axis=1)
        # Equal gains may differ in their last bits.
        order = np.lexsort((-means.round(12), -gains.round(12)))
        joined = next(int(row) for row in order if row not in members)
        members.append(joined)
        best = np.maximum(best, known[joined])
    return members
