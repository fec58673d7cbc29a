"""All parameters of the project under one roof, checked together before anything runs."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import Field, ValidationError

from metallmix_kedro.attribution import ExplainabilityParameters
from metallmix_kedro.declared import Declaration, Hyperparameter
from metallmix_kedro.evaluation import EvaluationParameters
from metallmix_kedro.grid import ExperimentGridParameters
from metallmix_kedro.history import Objective
from metallmix_kedro.images import DataIngestionParameters
from metallmix_kedro.meta_features import MetaFeaturesParameters, ProbeParameters, TargetParameters
from metallmix_kedro.report import RecommendationParameters
from metallmix_kedro.retrieval import RetrievalParameters
from metallmix_kedro.support import ParameterError, Parameters, describe_offences
from metallmix_kedro.surrogate import MetaLearningParameters
from metallmix_kedro.tracking import TrackingParameters
from metallmix_kedro.trained import TrainingParameters


class AllParameters(Parameters):
    """Every top-level key under ``conf/<env>/parameters/``: one a pipeline, five shared."""

    data_ingestion: DataIngestionParameters
    meta_features: MetaFeaturesParameters
    target: TargetParameters
    probes: ProbeParameters
    experiment_grid: ExperimentGridParameters
    meta_learning: MetaLearningParameters
    explainability: ExplainabilityParameters
    retrieval: RetrievalParameters
    recommendation: RecommendationParameters
    evaluation: EvaluationParameters
    tracking: TrackingParameters
    training: TrainingParameters
    search_space: dict[str, Hyperparameter | None]
    objective: Objective = Field(description="what the user wants to be good at")

    @property
    def declaration(self) -> Declaration:
        """The hyperparameters and meta-features that are declared."""
        return Declaration.from_parameters(
            {"search_space": self.search_space, "meta_features": dict(self.meta_features)}
        )


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of all parameters."""
    return AllParameters.model_json_schema()


def check_parameters(parameters: Mapping[str, Any]) -> AllParameters:
    """Check every parameter of every pipeline.

    Parameters
    ----------
    parameters : mapping of str to Any
        As read from ``conf/`` and the command line.

    Returns
    -------
    AllParameters
        The typed parameters.

    Raises
    ------
    metallmix_kedro.support.errors.ParameterError
        Listing each offence: the full dotted name, the value, what is allowed, and for an
        unknown name the nearest known one.
    """
    try:
        return AllParameters.model_validate(dict(parameters))
    except ValidationError as error:
        listed = "\n".join(f"- {line}" for line in describe_offences(schema(), error.errors()))
    raise ParameterError(f"These parameters cannot be used:\n{listed}")
