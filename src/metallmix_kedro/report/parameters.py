"""Typed parameters of the recommendation (top-level key ``recommendation``)."""

from pydantic import Field

from metallmix_kedro.decision import DecisionParameters
from metallmix_kedro.language_models import LLMParameters


class RecommendationParameters(DecisionParameters):
    """How a configuration is chosen, and how the language model is asked for its choice."""

    llm: LLMParameters = Field(
        default_factory=LLMParameters, description="the language model that is asked"
    )
