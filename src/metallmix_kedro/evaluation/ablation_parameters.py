"""Parameters of the question whether a language model helps."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from metallmix_kedro.language_models import ModelName
from metallmix_kedro.support import Parameters

Condition = Literal[
    "surrogate",
    "random_short_list",
    "llm_open",
    "llm_no_shap",
    "llm_no_retrieval",
    "llm_no_scores",
    "llm_free",
]
"""`judging.ablation` says what each leaves out."""

CONDITIONS: tuple[Condition, ...] = get_args(Condition)


class LLMAblationParameters(Parameters):
    """What is compared, for which models and datasets; how they are asked is `recommendation.llm`.

    A talk with a 7B model takes minutes on a CPU, so nothing is measured unless it is switched on.
    """

    enabled: bool = Field(False, description="Whether anything is measured.")
    models: tuple[ModelName, ...] = Field(
        (),
        description="Models of the server, or GGUF files by their path; one that is not there is "
        "skipped and named. Empty: the one that recommendation.llm finds.",
    )
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)] = Field(
        CONDITIONS, description="What is compared, in the order it is measured."
    )
    datasets: tuple[str, ...] = Field(
        (), description="Datasets left out, one at a time; empty: all that can be scored."
    )
    judged: bool = Field(True, description="Whether evaluation.judge scores every explanation.")
