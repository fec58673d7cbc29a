"""The history as one thing that is handed on, with the views of it that are asked for."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.averages import (
    comparable_configurations,
    configuration_means,
    known_configurations,
)
from metallmix_kedro.history.columns import N_TRAIN, SCORE
from metallmix_kedro.history.objective import Objective, with_score
from metallmix_kedro.history.relative import add_relative_score, has_score, with_all_images
from metallmix_kedro.history.tried import Tried
from metallmix_kedro.support import Unchanging


@dataclass(frozen=True, eq=False)
class History(Unchanging):
    """Trials with the score of an objective; whatever is taken over them is taken once.

    Nobody changes it: a view is another table, or another history.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of `history_schema` with their ``score`` in [0, 1].
    set_aside : pandas.DataFrame, optional
        Trials that nothing is learned from nor compared with, to be told of.
    """

    table: pd.DataFrame
    set_aside: pd.DataFrame = field(default_factory=pd.DataFrame)

    @classmethod
    def scored(cls, table: pd.DataFrame, objective: Objective) -> Self:
        """Give the trials of a table the score that the objective asks for (`with_score`)."""
        scored = with_score(table, objective)
        return cls(scored, table.drop(scored.index))

    def without(self, datasets: frozenset[str]) -> "History":
        """Return what remains when datasets are left out, also where they have another name."""
        named = self.table["dataset"].isin(datasets)
        hashes = self.table.loc[named, "data_hash"].dropna().unique()
        return History(self.table[~(named | self.table["data_hash"].isin(hashes))])

    def own_trials(self, dataset: str) -> pd.DataFrame:
        """Return the trials on a dataset: finished, scored, of a known configuration.

        Parameters
        ----------
        dataset : str
            Its name. Measured and imported trials under it count, published ones do not; where some
            trained on all images, those on fewer do not either.

        Returns
        -------
        pandas.DataFrame
            The configuration's columns and the score, best first.
        """
        ours = with_all_images(self.known[self.known["dataset"] == dataset])
        ordered = ours.sort_values([SCORE, "trial_id"], ascending=[False, True], kind="stable")
        return ordered[[*configuration_columns(), SCORE]].reset_index(drop=True)

    @cached_property
    def training_sizes(self) -> pd.Series:
        """How many images, or rows, trained each finished trial that tells it; maybe none."""
        if N_TRAIN not in self.table:
            return pd.Series(dtype="float64")
        finished = self.table["status"] == "finished"
        return self.table.loc[finished, N_TRAIN].dropna().astype("float64")

    @property
    def n_scored_datasets(self) -> int:
        """How many datasets have a trial with a score."""
        return int(self.table.loc[has_score(self.table), "dataset"].nunique())

    @cached_property
    def relative(self) -> pd.DataFrame:
        """The trials with their ``relative_score`` among these alone (`add_relative_score`)."""
        return add_relative_score(self.table)

    @cached_property
    def known(self) -> pd.DataFrame:
        """The scored trials whose hyperparameters are all known."""
        return known_configurations(self.table)

    @cached_property
    def comparable(self) -> pd.DataFrame:
        """The scored trials whose configuration is told from the others, of `relative`."""
        return comparable_configurations(self.relative)

    @cached_property
    def means(self) -> pd.DataFrame:
        """Each comparable configuration averaged over datasets (`configuration_means`)."""
        return configuration_means(self.relative)

    @cached_property
    def tried(self) -> Tried:
        """The fully known configurations, counted."""
        return Tried.of(self.table)
