"""Parameters of the explainability pipeline."""

from typing import Annotated

from pydantic import Field

from metallmix_kedro.support import Parameters


class ExplainabilityParameters(Parameters):
    """How SHAP values are drawn (paper, section 2.2, Figures 3 and 8)."""

    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(
        default=42, description="Seed of the sample that is drawn and of the scatter of points."
    )
