"""Parameters of the meta-features and of the target."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from metallmix_kedro.declared import MetaFeature
from metallmix_kedro.images import (
    DEFAULT_MAX_PIXELS,
    LAYOUT_DESCRIPTION,
    LabelsCsv,
    MaxPixels,
    MaxUnpacked,
)
from metallmix_kedro.support import FilePath, Parameters

Text = Annotated[str, Field(min_length=1)]


class MetaFeaturesParameters(Parameters):
    """What is known of a dataset before anything is trained on it (paper, section 2.1)."""

    declared: dict[str, MetaFeature | None] = Field(
        description="The meta-features by name: kind, words, unit, scale, minimum, group."
    )
    trained: str = Field(
        "a model",
        min_length=1,
        description='What is trained on a dataset, in a sentence: "an image classifier".',
    )


class TargetParameters(Parameters):
    """The dataset one asks a recommendation for: its images, or a card that describes it."""

    path: FilePath | None = Field(
        default=None,
        description="Folder (or .tar.gz, .tgz, .zip) with one sub-folder a class; wins over card.",
    )
    layout: Text | None = Field(default=None, description=LAYOUT_DESCRIPTION)
    labels_csv: LabelsCsv | None = Field(
        default=None, description="Classes from a CSV in the folder; wins over layout."
    )
    card: FilePath | None = Field(default=None, description="Dataset card, a YAML file.")
    name: Text | None = Field(
        default=None, description="Name in the outputs; default: the folder's or the card's."
    )
    modality: Text | None = Field(
        default=None,
        description="How the images were taken; default: the card's, for images 'unknown'.",
    )
    probes: Literal["auto", "none", "smallest", "all"] = Field(
        default="auto",
        description="Backbones that look at the images, no training; needs path, not card. auto: "
        "the smallest where that is possible.",
    )
    unpacked_root: Path = Field(
        default=Path("data/02_intermediate/unpacked"),
        description="Folder in which an archive is unpacked, once.",
    )
    max_pixels: MaxPixels = Field(
        default=DEFAULT_MAX_PIXELS, description="Images with more pixels do not count."
    )
    max_unpacked_gb: MaxUnpacked = Field(
        default=50.0, description="An archive that holds more than this (10^9 bytes) is refused."
    )
