"""The dataset card: what is known of a dataset that is not shown."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from metallmix_kedro.declared import Feature, meta_features
from metallmix_kedro.meta_features.features import (
    MetaFeatures,
    are_of_images,
    compute_meta_features,
)
from metallmix_kedro.support import InputError, load_text_yaml

Text = Annotated[str, Field(min_length=1)]
Pixels = Annotated[float, Field(gt=0, le=1_000_000)]


class DatasetCard(BaseModel):
    """What the card of a dataset says: its name, and its declared meta-features by theirs.

    Parameters
    ----------
    name : str
        Name of the dataset.
    described : MetaFeatures
        A value for each declared meta-feature; ``meta_features`` in the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: Text
    described: MetaFeatures = Field(alias="meta_features")

    @field_validator("described", mode="before")
    @classmethod
    def _numbers(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            raise ValueError("a mapping of meta-features to values is needed")
        return {name: _number(text, meta_features().get(name)) for name, text in given.items()}

    def meta_features(self) -> MetaFeatures:
        """Return the meta-features that the card says."""
        return self.described


class ImageCard(BaseModel):
    """What the card of a set of images says: its meta-features follow.

    Parameters
    ----------
    name : str
        Name of the dataset.
    modality : str
        How the images were taken, for example ``"MRI"`` or ``"natural"``.
    image_size : tuple of float
        Median width and height of the images in pixels, each in (0, 1,000,000].
    class_counts : dict of str to int
        Number of images of each class, each at least 1; at least two classes.
    """

    model_config = DatasetCard.model_config

    name: Text
    modality: Text
    image_size: tuple[Pixels, Pixels]
    class_counts: dict[Text, Annotated[int, Field(ge=1)]] = Field(min_length=2)

    def meta_features(self) -> MetaFeatures:
        """Compute the meta-features from what the card says."""
        width, height = self.image_size
        return compute_meta_features(self.class_counts, width, height, self.modality)


def _number(text: Any, declared: Feature | None) -> Any:
    """Read a number out of the text that a card holds; what is none stays, to be refused."""
    if declared is None or not declared.is_number or not isinstance(text, str):
        return text
    try:
        return float(text)
    except ValueError:
        return text


def read_card(path: Path, named_by: str = "parameter target.card") -> DatasetCard | ImageCard:
    """Read a dataset card.

    Parameters
    ----------
    path : Path
        A YAML file with the keys of `ImageCard`, or in a domain without images of `DatasetCard`.
    named_by : str
        Where the path comes from, for messages.

    Returns
    -------
    DatasetCard or ImageCard

    Raises
    ------
    InputError
        If the file is missing, is no YAML or holds anything else than a card, naming every key at
        fault.
    """
    values = load_text_yaml(path, "Dataset card", named_by)
    try:
        return (ImageCard if are_of_images() else DatasetCard).model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise InputError(f"Dataset card {path} cannot be used: {faults}.") from None
