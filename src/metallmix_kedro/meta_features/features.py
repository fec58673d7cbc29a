"""What is known of a dataset, as declared; the paper's seven, defined exactly (section 2.1)."""

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
from pydantic import model_validator

from metallmix_kedro.declared import DeclaredValues, meta_features
from metallmix_kedro.support import InputError


class MetaFeatures(DeclaredValues):
    """What is known of a dataset before anything is trained on it (paper, section 2.1).

    It has an attribute for each declared meta-feature; of image datasets, by conf/base:

    - ``n_instances``: images that are used; ``n_classes``: classes, at least 2;
    - ``imbalance_ratio``: images of the largest class divided by those of the smallest;
    - ``class_entropy``: Shannon entropy of the class shares in bits, in [0, log2(n_classes)];
    - ``image_width``, ``image_height``: medians over the original images in pixels;
    - ``class_size_mean``, ``class_size_std``, ``class_size_min``, ``class_size_max``: mean,
      population standard deviation, smallest and largest number of images a class;
    - ``modality``: how the images were taken, for example ``"MRI"``, ``"X-ray"``, ``"natural"``.
    """

    what = "meta-feature"

    @model_validator(mode="before")
    @classmethod
    def _declared_and_typed(cls, values: Any) -> Any:
        if isinstance(values, cls):
            return values
        if problems := list(_problems(values)):
            raise ValueError("; ".join(problems))
        return {name: one.typed(values[name]) for name, one in meta_features().items()}

    def line(self) -> str:
        """Write the meta-features on one line, those of a group left out."""
        told = {
            name: one
            for name, one in meta_features().items()
            if not one.group and getattr(self, name) is not None
        }
        return ", ".join(
            f"{one.words or name} {one.readable(getattr(self, name))}" for name, one in told.items()
        )


def _problems(values: Mapping[str, Any]) -> Iterator[str]:
    """Say what is missing, unknown or impossible."""
    declared = meta_features()
    if missing := [name for name in declared if name not in values]:
        yield f"missing: {', '.join(missing)}"
    for name in sorted(set(values) - set(declared)):
        nearest = get_close_matches(name, declared, n=1)
        yield f"{name} is not declared" + (f" (did you mean {nearest[0]}?)" if nearest else "")
    for name, one in declared.items():
        if name in values and (problem := one.problem_with(values[name])):
            yield f"{name} = {values[name]!r} {problem}"


def are_of_images() -> bool:
    """Whether the declared meta-features are those of images."""
    return "image_width" in meta_features()


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
        If there are fewer than two classes, a class has no images, or a meta-feature is declared
        that images do not have.

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
    found = {
        "n_instances": int(sizes.sum()),
        "n_classes": len(sizes),
        "imbalance_ratio": float(sizes.max() / sizes.min()),
        "class_entropy": float(-sum(share * math.log2(share) for share in shares)),
        "image_width": float(image_width),
        "image_height": float(image_height),
        "class_size_mean": float(sizes.mean()),
        "class_size_std": float(sizes.std()),
        "class_size_min": int(sizes.min()),
        "class_size_max": int(sizes.max()),
        "modality": modality,
    }
    if unknown := sorted(set(meta_features()) - set(found)):
        raise InputError(
            f"Images do not tell {', '.join(unknown)} (declared in meta_features.declared)."
        )
    return MetaFeatures.model_validate({name: found[name] for name in meta_features()})
