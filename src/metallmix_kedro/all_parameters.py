"""All parameters of the project under one roof, checked together before anything runs."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from metallmix_kedro.attribution.parameters import ExplainabilityParameters
from metallmix_kedro.decision.parameters import RecommendationParameters
from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.history.objective import Objective
from metallmix_kedro.images.parameters import DataIngestionParameters
from metallmix_kedro.meta_features.parameters import MetaFeaturesParameters, TargetParameters
from metallmix_kedro.meta_features.probes.parameters import ProbeParameters
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.support.errors import ParameterError
from metallmix_kedro.support.parameter_errors import describe_offences
from metallmix_kedro.support.parameters import Parameters
from metallmix_kedro.surrogate.parameters import MetaLearningParameters


class AllParameters(Parameters):
    """Every top-level key under ``conf/<env>/parameters/``: one a pipeline, four shared."""

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
    search_space: SearchSpace
    objective: Objective = Field(description="what the user wants to be good at")


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
        lines = describe_offences(AllParameters.model_json_schema(), error.errors())
    listed = "\n".join(f"- {line}" for line in lines)
    raise ParameterError(f"These parameters cannot be used:\n{listed}")
