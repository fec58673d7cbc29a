"""Parameters of the retrieval pipeline."""

from typing import Annotated

from pydantic import Field

from metallmix_kedro.support import Parameters


class RetrievalParameters(Parameters):
    """How datasets are compared (paper, section 2.3)."""

    modality_weight: Annotated[float, Field(ge=0, le=100)] = Field(
        default=1.0,
        description="Distance that a different modality adds, in standard deviations of one"
        " meta-feature; 0 ignores the modality.",
    )
    novelty_quantile: Annotated[float, Field(ge=0.5, le=1)] = Field(
        default=0.95,
        description="A target is unlike anything in the history when its nearest dataset is"
        " farther away than this share of the history's own nearest neighbours.",
    )
