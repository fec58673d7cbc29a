"""Parameters of the explainability pipeline."""

from typing import Annotated

from pydantic import Field

from metallmix_kedro.support import Parameters


class ExplainabilityParameters(Parameters):
    """How SHAP values are summarised, told and drawn (paper, section 2.2, Figures 3 and 8)."""

    max_exact_values: Annotated[int, Field(ge=1, le=100)] = Field(
        default=6,
        description="A numeric meta-feature with more distinct values than this is binned.",
    )
    n_bins: Annotated[int, Field(ge=2, le=20)] = Field(
        default=4, description="Bins of a binned meta-feature, with equally many values each."
    )
    n_strongest: Annotated[int, Field(ge=1, le=18)] = Field(
        default=6, description="Features that the text ranks as strongest."
    )
    n_drawn: Annotated[int, Field(ge=1, le=18)] = Field(
        default=12, description="Features in the summary picture."
    )
    clear_correlation: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.3,
        description="Absolute Pearson correlation from which on the text speaks of a direction.",
    )
    few_trials: Annotated[int, Field(ge=0, le=10_000)] = Field(
        default=10, description="The text marks values that fewer trials have than this."
    )
    max_points: Annotated[int, Field(ge=100, le=100_000)] = Field(
        default=3000, description="Trials drawn at most, sampled at random."
    )
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(
        default=42, description="Seed of that sample and of the scatter of points."
    )
