"""What a method is given when it has to choose for a dataset it has never seen."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns, meta_feature_columns
from metallmix_kedro.evaluation.protocols.knowledge import Knowledge, Settings
from metallmix_kedro.evaluation.protocols.replay import ReplayTable
from metallmix_kedro.history import History
from metallmix_kedro.meta_features import MetaFeatures, ProbeLevel, no_probes
from metallmix_kedro.surrogate import (
    Outlook,
    PointModel,
    Spread,
    Surrogate,
    fit_point_model,
    fit_surrogate,
    hide,
    together,
)


@dataclass(frozen=True)
class Task:
    """One choice: a target, the trials to choose from, and what is known of other datasets.

    Parameters
    ----------
    candidates : pandas.DataFrame
        Meta-features and configuration of the recorded trials, index 0 to n − 1; no outcomes.
    knowledge : Knowledge
        The history without any trace of the target, and what was learned from it.
    reveal : callable of int to float
        Score of a candidate, as training it would tell: for searches, a trial a call.
    dataset : str
        The target's name.
    data_hashes : frozenset of str
        Hashes of the target's images.
    probes : pandas.DataFrame
        Columns `meta_features.probes.columns.PROBE_COLUMNS`, of any datasets, the target
        among them; may be empty.
    """

    candidates: pd.DataFrame
    knowledge: Knowledge
    reveal: Callable[[int], float]
    dataset: str
    data_hashes: frozenset[str] = frozenset()
    probes: pd.DataFrame = field(default_factory=no_probes)

    @classmethod
    def of(
        cls, table: ReplayTable, knowledge: Knowledge, probes: pd.DataFrame | None = None
    ) -> "Task":
        """Make the task of choosing for the dataset of a replay table."""
        return cls(
            candidates=table.candidates,
            knowledge=knowledge,
            reveal=lambda position: float(table.scores[position]),
            dataset=table.dataset,
            data_hashes=table.data_hashes,
            probes=no_probes() if probes is None else probes,
        )

    @classmethod
    def leaving_out(
        cls,
        history: History,
        table: ReplayTable,
        settings: Settings,
        probes: pd.DataFrame | None = None,
    ) -> "Task":
        """Make the task in which nothing but the dataset itself is left out."""
        training = history.without(together(table.dataset, settings.meta_learning.overlapping))
        return cls.of(table, Knowledge(training, settings), probes)

    @property
    def settings(self) -> Settings:
        """All parameters."""
        return self.knowledge.settings

    @property
    def training(self) -> History:
        """The trials that may be learned from."""
        return self.knowledge.training

    @property
    def configurations(self) -> pd.DataFrame:
        """The candidates' hyperparameters, and their ``position`` in the index."""
        configurations = self.candidates[[*configuration_columns()]]
        return configurations.assign(position=self.candidates.index)

    @property
    def target(self) -> MetaFeatures:
        """Meta-features of the target."""
        first = self.candidates.iloc[0]
        return MetaFeatures.model_validate({name: first[name] for name in meta_feature_columns()})

    @property
    def target_probes(self) -> pd.DataFrame:
        """Probes of the target's images, under its name or another, one a backbone."""
        named = self.probes["dataset"] == self.dataset
        ours = self.probes[named | self.probes["data_hash"].isin(self.data_hashes)]
        own_name_first = (ours["dataset"] != self.dataset).sort_values(kind="stable").index
        return ours.loc[own_name_first].drop_duplicates("backbone")

    @property
    def surrogate(self) -> Surrogate:
        """The surrogate with its intervals, from the training trials alone."""
        return self.knowledge.learn(calibrated_surrogate)

    def predicted(self, level: ProbeLevel = "none") -> pd.DataFrame:
        """Return the candidates with the surrogate's scores and times, on their index.

        No method that ranks asks for intervals, so the models behind them are not fitted.

        Parameters
        ----------
        level : str
            How much of the target is shown to be probed.
        """
        predicted = self.knowledge.learn(point_model).predict(hide(self.candidates, level))
        return self.candidates.assign(
            relative_score=predicted["relative_score"],
            score=predicted["score"],
            training_time_s=np.exp(predicted["log_training_time"]),
        )

    def outlook(self, level: ProbeLevel = "none") -> Outlook:
        """Return what is expected of the candidates before any trial, as `predicted` has it."""
        predicted = self.predicted(level)["relative_score"]
        return Outlook.before(self.knowledge.learn(spread), self.candidates, predicted)

    def revealed_relative_score(self, position: int, level: ProbeLevel = "none") -> float:
        """Reveal a candidate's accuracy, and put it on the scale of what was predicted."""
        scale = self.knowledge.learn(point_model).score_scale
        row = hide(self.candidates.loc[[position]], level)
        return float(scale.relative_score(np.array([self.reveal(position)]), row)[0])


def point_model(training: History, settings: Settings) -> PointModel:
    """Fit the surrogate's two models, without its intervals."""
    parameters = settings.meta_learning
    return fit_point_model(training.relative, parameters, parameters.seed)


def spread(training: History, _settings: Settings) -> Spread:
    """Learn how datasets differ from what is expected of them."""
    return Spread.fit(training.relative)


def calibrated_surrogate(training: History, settings: Settings) -> Surrogate:
    """Fit the surrogate as a recommendation uses it."""
    parameters = settings.meta_learning
    return fit_surrogate(training.relative, parameters, parameters.seed)
