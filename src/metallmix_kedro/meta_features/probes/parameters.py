"""Parameters of probes."""

from typing import Annotated, Literal

from pydantic import Field

from metallmix_kedro.support import Parameters

ProbeLevel = Literal["none", "smallest", "all"]


class ProbeParameters(Parameters):
    """How images are probed; a target is probed like the datasets of the history."""

    backbones: ProbeLevel = Field(
        default="none",
        description="Backbones that the registered datasets are probed with, smallest or all.",
    )
    image_size: Annotated[int, Field(ge=32, le=1024)] = Field(
        default=96, description="Side in pixels to which images are resized."
    )
    n_images: Annotated[int, Field(ge=16)] = Field(
        default=240, description="Images drawn from a dataset, stratified by class."
    )
    n_folds: Annotated[int, Field(ge=2, le=20)] = Field(
        default=4, description="Folds of the linear probe."
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(
        default=42, description="Seed of the draw and of the folds."
    )
