"""The dataset card: what is known of a dataset whose images are not shown."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from metallmix_kedro.meta_features.features import MetaFeatures, compute_meta_features
from metallmix_kedro.support.errors import InputError
from metallmix_kedro.support.text_yaml import load_text_yaml

Text = Annotated[str, Field(min_length=1)]
Pixels = Annotated[float, Field(gt=0, le=1_000_000)]


class DatasetCard(BaseModel):
    """What a dataset card says.

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

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: Text
    modality: Text
    image_size: tuple[Pixels, Pixels]
    class_counts: dict[Text, Annotated[int, Field(ge=1)]]

    @field_validator("class_counts")
    @classmethod
    def _two_classes(cls, counts: dict[str, int]) -> dict[str, int]:
        if len(counts) < 2:
            raise ValueError(
                f"a dataset needs at least two classes, this one has {len(counts)}"
                f" ({', '.join(counts) or 'none'})"
            )
        return counts

    def meta_features(self) -> MetaFeatures:
        """Compute the meta-features from what the card says."""
        width, height = self.image_size
        return compute_meta_features(self.class_counts, width, height, self.modality)


def read_card(path: Path, named_by: str = "parameter target.card") -> DatasetCard:
    """Read a dataset card.

    Parameters
    ----------
    path : Path
        A YAML file with the keys of `DatasetCard`.
    named_by : str
        Where the path comes from, for messages.

    Returns
    -------
    DatasetCard

    Raises
    ------
    InputError
        If the file is missing, is no YAML or holds anything else than a card, naming every key at
        fault.
    """
    values = load_text_yaml(path, "Dataset card", named_by)
    try:
        return DatasetCard.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise InputError(f"Dataset card {path} cannot be used: {faults}.") from None
