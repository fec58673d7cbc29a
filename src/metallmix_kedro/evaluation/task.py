"""What a method is given when it has to choose for a dataset it has never seen."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.evaluation.replay import ReplayTable, without_dataset
from metallmix_kedro.history.relative import add_relative_score
from metallmix_kedro.meta_features import META_FEATURE_COLUMNS, MetaFeatures
from metallmix_kedro.recommendation.parameters import RecommendationParameters
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.surrogate.fit import fit_surrogate
from metallmix_kedro.surrogate.model import Surrogate
from metallmix_kedro.surrogate.parameters import MetaLearningParameters


@dataclass(frozen=True)
class Settings:
    """The parameters under which methods are compared: those a recommendation is made with."""

    evaluation: EvaluationParameters
    meta_learning: MetaLearningParameters
    recommendation: RecommendationParameters
    retrieval: RetrievalParameters


@dataclass(frozen=True)
class Task:
    """One choice: a dataset left out, the trials to choose from, the history to learn from.

    Parameters
    ----------
    candidates : pandas.DataFrame
        Meta-features and configuration of the recorded trials, index 0 to n − 1; no outcomes.
    training : pandas.DataFrame
        The history without any trace of the dataset, with its relative scores.
    reveal : callable of int to float
        Accuracy of a candidate, as training it would tell: for searches, a trial a call.
    settings : Settings
        All parameters.
    """

    candidates: pd.DataFrame
    training: pd.DataFrame
    reveal: Callable[[int], float]
    settings: Settings

    @classmethod
    def leaving_out(cls, history: pd.DataFrame, table: ReplayTable, settings: Settings) -> "Task":
        """Make the task of choosing for the dataset of a replay table."""
        return cls(
            candidates=table.candidates,
            training=add_relative_score(without_dataset(history, table.dataset)),
            reveal=lambda position: float(table.scores[position]),
            settings=settings,
        )

    @cached_property
    def target(self) -> MetaFeatures:
        """Meta-features of the left-out dataset."""
        first = self.candidates.iloc[0]
        return MetaFeatures.model_validate({name: first[name] for name in META_FEATURE_COLUMNS})

    @cached_property
    def surrogate(self) -> Surrogate:
        """The surrogate fitted on `training` alone; fitted once for all methods that ask."""
        parameters = self.settings.meta_learning
        return fit_surrogate(self.training, parameters, parameters.seed)

    def predicted(self) -> pd.DataFrame:
        """Return the candidates with the surrogate's predictions, on their index."""
        return self.candidates.join(self.surrogate.predict(self.candidates))
