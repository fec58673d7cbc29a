"""Parameters of data_ingestion: the registry of datasets and how they are read."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from metallmix_kedro.support import Parameters

PILLOW_LIMIT = 178_956_970
"""Pixels above which Pillow itself refuses to open an image (twice its ``MAX_IMAGE_PIXELS``)."""

DEFAULT_MAX_PIXELS = 89_478_485
"""Pillow's own limit for an image that is no decompression bomb."""

LAYOUT_DESCRIPTION = (
    "Where the class stands in the paths, if it cannot be seen: CLASS/, ANY/CLASS/, "
    "train/CLASS/, images/CLASS_NUMBER; see docs/images.md."
)
"""Of the parameter by which a user says how a folder is read."""

MaxPixels = Annotated[int, Field(ge=1, le=PILLOW_LIMIT)]
MaxUnpacked = Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Text = Annotated[str, Field(min_length=1)]
Side = Annotated[int, Field(ge=1, le=1_000_000)]


class LabelsCsv(Parameters):
    """A CSV file that says which image belongs to which class."""

    file: Text = Field(
        description="The CSV, relative to the dataset's folder; with * several of one form."
    )
    path_column: Text = Field(description="Column with the image paths, with or without ending.")
    label_column: Text | None = Field(default=None, description="Column with the class names.")
    label_columns: tuple[Text, ...] = Field(
        default=(), description="Several columns instead, whose values together are the class."
    )
    one_hot: bool = Field(
        default=False,
        description="The label_columns are named like the classes; one is 1, the others are 0.",
    )
    folders: tuple[Text, ...] = Field(
        default=(".",),
        min_length=1,
        description="Folders, relative to the CSV's own, in which the paths are looked up in turn.",
    )

    @model_validator(mode="after")
    def _says_where_the_labels_are(self) -> Self:
        if (self.label_column is None) == (not self.label_columns):
            raise ValueError("give either label_column or label_columns")
        if self.one_hot and len(self.label_columns) < 2:
            raise ValueError("one_hot needs at least two label_columns, one a class")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of labels."""
        return self.label_columns if self.label_column is None else (self.label_column,)


class DatasetEntry(Parameters):
    """One registered dataset: where it is and what is known of it."""

    path: Text | None = Field(
        default=None,
        description="Folder, .tar.gz, .tgz or .zip; relative to datasets_root. Used if it exists.",
    )
    kaggle: str | None = Field(
        default=None,
        pattern=r"^[\w-]+/[\w.-]+(/versions/\d+)?$",
        description="Kaggle handle owner/dataset; downloaded if path does not exist.",
    )
    modality: Text = Field(description="How the images were taken: MRI, CT, X-ray, natural, ...")
    class_map: dict[str, Text | None] | None = Field(
        default=None,
        description="Folder name or label -> class name (null: leave it out); others stay.",
    )
    original_size: tuple[Side, Side] | None = Field(
        default=None,
        description="Width and height in pixels before the files were scaled, if they were.",
    )
    labels_csv: LabelsCsv | None = Field(
        default=None, description="Classes from a CSV instead of from folders."
    )
    layout: Text | None = Field(default=None, description=LAYOUT_DESCRIPTION)

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if self.path is None and self.kaggle is None:
            raise ValueError("a dataset needs a path or a kaggle handle")
        if self.layout is not None and self.labels_csv is not None:
            raise ValueError("give either layout or labels_csv")
        return self


class DataIngestionParameters(Parameters):
    """Which datasets are ingested, from where, and how (paper, section 3.1: four folds)."""

    datasets_root: Path = Field(description="Folder that relative dataset paths start from.")
    unpacked_root: Path = Field(description="Folder in which archives are unpacked, each once.")
    n_folds: int = Field(
        default=4, ge=2, le=20, description="Stratified folds; trials need at least 3."
    )
    seed: int = Field(default=42, ge=0, lt=2**32, description="Seed of the folds.")
    near_copy_correlation: float | None = Field(
        default=0.99,
        gt=0,
        le=1,
        description="Images whose grey thumbnails correlate by more share a fold; null: only "
        "identical ones.",
    )
    max_pixels: MaxPixels = Field(
        default=DEFAULT_MAX_PIXELS,
        description="Images with more pixels (width times height) are excluded undecoded.",
    )
    max_unpacked_gb: MaxUnpacked = Field(
        default=50.0, description="An archive that holds more than this (10^9 bytes) is refused."
    )
    registry: dict[Name, DatasetEntry] = Field(description="The datasets by name.")
    use: tuple[str, ...] = Field(
        min_length=1, description="Names of the registered datasets that this run ingests."
    )

    @model_validator(mode="after")
    def _use_is_registered(self) -> Self:
        unknown = [name for name in self.use if name not in self.registry]
        if unknown:
            raise ValueError(
                f"use names {', '.join(unknown)}, not in the registry; "
                f"it has {', '.join(self.registry) or 'none'}"
            )
        if len(set(self.use)) != len(self.use):
            raise ValueError("use names a dataset twice")
        return self

    @property
    def max_unpacked_bytes(self) -> int:
        """The limit of an archive's content in bytes."""
        return int(self.max_unpacked_gb * 1e9)
