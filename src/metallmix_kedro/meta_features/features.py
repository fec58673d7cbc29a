"""The paper's seven meta-features, defined exactly (section 2.1)."""

import math
from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from metallmix_kedro.support.errors import InputError

Count = Annotated[int, Field(ge=1)]
Pixels = Annotated[float, Field(gt=0)]


class MetaFeatures(BaseModel):
    """What is known of a dataset before anything is trained on it (paper, section 2.1).

    Parameters
    ----------
    n_instances : int
        Number of images that are used (excluded files do not count).
    n_classes : int
        Number of classes, at least 2.
    imbalance_ratio : float
        Images of the largest class divided by images of the smallest, at least 1.
    class_entropy : float
        Shannon entropy of the class shares in bits, in [0, log2(n_classes)].
    image_width, image_height : float
        Median width and height of the original images in pixels.
    class_size_mean, class_size_std, class_size_min, class_size_max : float
        Mean, population standard deviation, smallest and largest number of images a class.
    modality : str
        How the images were taken, for example ``"MRI"``, ``"X-ray"``, ``"natural"``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_instances: Annotated[int, Field(ge=2)]
    n_classes: Annotated[int, Field(ge=2)]
    imbalance_ratio: Annotated[float, Field(ge=1)]
    class_entropy: Annotated[float, Field(ge=0)]
    image_width: Pixels
    image_height: Pixels
    class_size_mean: Annotated[float, Field(gt=0)]
    class_size_std: Annotated[float, Field(ge=0)]
    class_size_min: Count
    class_size_max: Count
    modality: Annotated[str, Field(min_length=1)]


META_FEATURE_COLUMNS: tuple[str, ...] = tuple(MetaFeatures.model_fields)
"""The names of the meta-features as columns of the history, in a fixed order."""

NUMERIC_META_FEATURES: tuple[str, ...] = tuple(
    name for name in META_FEATURE_COLUMNS if name != "modality"
)
"""All meta-features but the modality."""


def compute_meta_features(
    class_sizes: Mapping[str, int], image_width: float, image_height: float, modality: str
) -> MetaFeatures:
    """Compute the meta-features of a dataset from its class sizes and its image size.

    The one definition behind registered datasets, folders and dataset cards.

    Parameters
    ----------
    class_sizes : mapping of str to int
        Images a class, each at least 1; at least two classes.
    image_width, image_height : float
        Median width and height in pixels, above 0.
    modality : str
        Imaging modality.

    Returns
    -------
    MetaFeatures

    Raises
    ------
    InputError
        If there are fewer than two classes or a class has no images.

    Examples
    --------
    >>> features = compute_meta_features({"cat": 30, "dog": 10}, 128, 96, "natural")
    >>> features.imbalance_ratio, round(features.class_entropy, 3)
    (3.0, 0.811)
    """
    if len(class_sizes) < 2:
        raise InputError(
            f"A dataset needs at least two classes; this one has {len(class_sizes)}"
            f" ({', '.join(class_sizes) or 'none'})."
        )
    empty = sorted(name for name, size in class_sizes.items() if size < 1)
    if empty:
        raise InputError(f"These classes have no images: {', '.join(empty)}.")
    sizes = np.array(list(class_sizes.values()), dtype=float)
    shares = sizes / sizes.sum()
    return MetaFeatures(
        n_instances=int(sizes.sum()),
        n_classes=len(sizes),
        imbalance_ratio=float(sizes.max() / sizes.min()),
        class_entropy=float(-sum(share * math.log2(share) for share in shares)),
        image_width=float(image_width),
        image_height=float(image_height),
        class_size_mean=float(sizes.mean()),
        class_size_std=float(sizes.std()),
        class_size_min=int(sizes.min()),
        class_size_max=int(sizes.max()),
        modality=modality,
    )
