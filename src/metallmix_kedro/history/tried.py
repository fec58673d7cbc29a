"""The configurations of a history, counted once for all targets that are asked for.

The best on average among them is the baseline that is hard to beat: it knows nothing of the
target.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import Value, configuration_columns
from metallmix_kedro.history.averages import best_on_average, known_configurations
from metallmix_kedro.history.columns import SCORE
from metallmix_kedro.history.relative import add_relative_score, with_all_images
from metallmix_kedro.search_space import Configuration, SearchSpace

_NEEDED = ("dataset", "source", "proposer", "status", "level", SCORE)


@dataclass(frozen=True, slots=True)
class Tried:
    """The fully known configurations that finished with a score, and how well they did.

    There are no more of them than the search space has, however many trials; what is asked of
    them takes as long for a million trials as for a thousand.

    Parameters
    ----------
    configurations : pandas.DataFrame
        A row each, in order: `configuration_columns`.
    measured : pandas.DataFrame
        Which of them was measured on which dataset: ``configuration``, the number of its row,
        ``dataset``, and the mean ``relative_score`` there, in [0, 1].
    """

    configurations: pd.DataFrame
    measured: pd.DataFrame

    @classmethod
    def of(cls, history: pd.DataFrame) -> "Tried":
        """Count the trials of a history."""
        # Scores are related to all trials of their dataset, whatever is known of them.
        needed = [name for name in (*_NEEDED, *configuration_columns()) if name in history]
        trials = with_all_images(known_configurations(add_relative_score(history[needed])))
        names = list(configuration_columns())
        # Codes of a few values are grouped faster than a million words.
        codes = trials[names].astype("category")
        numbers = codes.groupby(names, observed=True).ngroup().to_numpy()
        counted = trials.assign(configuration=numbers).groupby(
            ["configuration", "dataset"], observed=True
        )
        _, place = np.unique(numbers, return_index=True)
        shown = trials[names].iloc[place].reset_index(drop=True)
        return cls(shown, counted["relative_score"].mean().reset_index())

    def values(self, name: str) -> frozenset[Value]:
        """Return the values of a hyperparameter that at least one such trial has."""
        return frozenset(self.configurations[name].tolist())

    def widely(self) -> pd.DataFrame:
        """Return the configurations that were measured on at least half of the datasets.

        Returns
        -------
        pandas.DataFrame
            Their `configuration_columns`; maybe none.
        """
        counts = self.measured["configuration"].value_counts().sort_index().to_numpy()
        n_datasets = self.measured["dataset"].nunique()
        return self.configurations[2 * counts >= n_datasets]

    def best(self, space: SearchSpace) -> Configuration | None:
        """Return the configuration of a search space that is best on average; None without any.

        A dataset counts once, however many trials it has. Only configurations measured widely
        enough take part (`averages.best_on_average`). What lies outside the space does not count,
        and a dataset that has no trial inside is none of the history's.
        """
        inside = self.measured[self._inside(space)[self.measured["configuration"]]]
        found = inside.groupby("configuration").agg(
            mean_relative_score=("relative_score", "mean"), n_datasets=("relative_score", "size")
        )
        row = best_on_average(found, inside["dataset"].nunique())
        if row is None:
            return None
        number = found.index[row]
        values = {name: self.configurations[name].iloc[number] for name in configuration_columns()}
        return Configuration.from_mapping(values)

    def _inside(self, space: SearchSpace) -> npt.NDArray[np.bool_]:
        values = {name: list(space.values(name)) for name in configuration_columns()}
        found: npt.NDArray[np.bool_] = self.configurations.isin(values).all(axis=1).to_numpy()
        return found
