"""Typed parameters of the decision (top-level key ``recommendation``, all but ``llm``)."""

from typing import Annotated, Literal

from pydantic import Field

from metallmix_kedro.support import Parameters


class DecisionParameters(Parameters):
    """How a configuration is chosen, what is shown as evidence, and when the user is warned.

    ``backbones`` and ``max_parameters`` have no effect where no pretrained network is searched.
    """

    backbones: Literal["measured"] | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        "measured",
        description="backbones to choose among: those with finished measured trials in the "
        "history, or a list of names out of the search space",
    )
    choose_among: Literal["measured", "space"] = Field(
        "measured",
        description="measured: configurations measured on at least half of the history's datasets "
        "(where fewer than 6 are allowed, the same values with other backbones too); space: all of "
        "the search space",
    )
    max_parameters: int | None = Field(
        None, ge=1, description="leave out backbones with more parameters; null: no limit"
    )
    max_training_time_s: float | None = Field(
        None,
        gt=0,
        description="leave out configurations predicted to train longer, in seconds on the "
        "history's reference device; null: no limit",
    )
    n_candidates: int = Field(5, ge=2, le=20, description="length of the short list")
    n_trials: int = Field(8, ge=1, le=50, description="similar past trials shown as evidence")
    max_per_dataset: int = Field(
        2, ge=1, le=50, description="similar trials taken from one dataset at most"
    )
    n_attributions: int = Field(
        10, ge=0, le=100, description="strongest mean SHAP contributions shown as evidence"
    )
    few_datasets: int = Field(
        8, ge=1, le=10_000, description="warn when the history has fewer measured datasets"
    )
    high_imbalance: float = Field(
        10.0, ge=1, description="warn when the largest class is this many times the smallest"
    )
    wide_interval: float = Field(
        0.5, gt=0, le=1, description="warn when the interval of the predicted score is wider"
    )
