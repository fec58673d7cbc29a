"""What methods learn from the part of a history that they may see, each thing once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from metallmix_kedro.decision import DecisionParameters
from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.history import History, Objective
from metallmix_kedro.language_models import LLMParameters
from metallmix_kedro.retrieval import RetrievalParameters
from metallmix_kedro.surrogate import MetaLearningParameters

Learned = TypeVar("Learned")


@dataclass(frozen=True)
class Settings:
    """The parameters under which methods are compared: those a recommendation is made with.

    ``objective`` is what the ``score`` of the trials is (`history.objective`); ``llm`` says how a
    language model is asked.
    """

    evaluation: EvaluationParameters
    meta_learning: MetaLearningParameters
    recommendation: DecisionParameters
    retrieval: RetrievalParameters
    objective: Objective = "accuracy"
    llm: LLMParameters = field(default_factory=LLMParameters)


class Knowledge:
    """The history without what is left out, and all that was learned from it.

    Targets for which the same is left out share one, so that a model is fitted once for them.

    Parameters
    ----------
    training : History
        What may be learned from.
    settings : Settings
        All parameters.
    """

    def __init__(self, training: History, settings: Settings) -> None:
        self.training = training
        self.settings = settings
        self._learned: dict[Callable[[History, Settings], object], object] = {}

    def learn(self, fit: Callable[[History, Settings], Learned]) -> Learned:
        """Return what a function makes of the training trials; it is called once.

        All that a method learns goes through here, so that `learned` is complete.

        Parameters
        ----------
        fit : callable of (History, Settings)
            A module's function: it is its own key.
        """
        if fit not in self._learned:
            self._learned[fit] = fit(self.training, self.settings)
        return self._learned[fit]  # type: ignore[return-value]

    @property
    def learned(self) -> Mapping[str, object]:
        """Everything that was learned so far, by the name of the function that made it."""
        return {fit.__name__: made for fit, made in self._learned.items()}
