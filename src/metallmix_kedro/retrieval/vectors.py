"""Meta-features as vectors whose Euclidean distance says how alike two datasets are."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveFloat, model_validator

from metallmix_kedro.declared import meta_features, numeric_meta_features
from metallmix_kedro.meta_features import MetaFeatures

MIN_SPREAD = 0.25
"""Smallest standard deviation that is divided by.

On the logarithmic scale it is a factor of 1.28. Without it, a meta-feature that happens to agree
in all datasets of a small history would outweigh all others for any target that differs in it.
"""


def _weights() -> npt.NDArray[np.float64]:
    """Let the numbers that make up one meta-feature share its weight."""
    groups = [meta_features()[name].group or name for name in numeric_meta_features()]
    return np.array([groups.count(group) ** -0.5 for group in groups])


class MetaFeatureScaler(BaseModel):
    """Turns meta-features into vectors in which each of them counts once: the paper's seven.

    Counts, sizes, ratios and pixels are taken as ``log(1 + x)``, all numeric columns are
    standardised over datasets (not over trials: a dataset with many trials weighs no more).
    The two columns of the image resolution and the four of the class sizes share the weight of
    one meta-feature. The modality, as any other category, is one-hot; two datasets that differ in
    it are `modality_weight` apart on that account alone.

    Parameters
    ----------
    means, scales : dict of str to float
        Mean and standard deviation (at least `MIN_SPREAD`) of each of `numeric_meta_features`.
    categories : dict of str to tuple of str
        Of each meta-feature that is no number the values seen, sorted.
    modality_weight : float
        Distance between two modalities, or values of another category, at least 0.

    Examples
    --------
    >>> from metallmix_kedro.meta_features import compute_meta_features
    >>> cats = compute_meta_features({"a": 30, "b": 10}, 128, 96, "natural")
    >>> brains = cats.model_copy(update={"modality": "MRI"})
    >>> scaler = MetaFeatureScaler.fit([cats, brains], modality_weight=2.0)
    >>> round(float(np.linalg.norm(np.subtract(*scaler.transform([cats, brains])))), 6)
    2.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    means: dict[str, float]
    scales: dict[str, PositiveFloat]
    categories: dict[str, tuple[str, ...]]
    modality_weight: NonNegativeFloat

    @model_validator(mode="after")
    def _is_of_what_is_declared(self) -> Self:
        numbers, categories = set(numeric_meta_features()), set(_category_names())
        found = set(self.means), set(self.scales), set(self.categories)
        if found != (numbers, numbers, categories):
            raise ValueError("needs exactly the meta-features that are declared")
        return self

    @classmethod
    def fit(cls, datasets: Sequence[MetaFeatures], modality_weight: float) -> Self:
        """Learn means, spreads and categories.

        Parameters
        ----------
        datasets : sequence of MetaFeatures
            One a dataset, at least one.
        modality_weight : float
            Distance between two modalities, at least 0.
        """
        values = _numeric(datasets)
        return cls(
            means=_named(values.mean(axis=0)),
            scales=_named(np.maximum(values.std(axis=0), MIN_SPREAD)),
            categories={
                name: tuple(sorted({getattr(features, name) for features in datasets}))
                for name in _category_names()
            },
            modality_weight=modality_weight,
        )

    def transform(self, datasets: Sequence[MetaFeatures]) -> npt.NDArray[np.float32]:
        """Return the vectors, shape (number of datasets, numbers + categories seen).

        A category that was never seen sets no one-hot column: it is equally far from all.
        """
        means = [self.means[name] for name in numeric_meta_features()]
        scales = [self.scales[name] for name in numeric_meta_features()]
        standardised = (_numeric(datasets) - means) / scales * _weights()
        # Two different unit vectors are sqrt(2) apart.
        seen = [(name, value) for name, values in self.categories.items() for value in values]
        shown = [[getattr(one, name) == value for name, value in seen] for one in datasets]
        one_hot = np.array(shown, dtype=float) * (self.modality_weight / np.sqrt(2))
        return np.hstack([standardised, one_hot]).astype(np.float32)


def _category_names() -> tuple[str, ...]:
    return tuple(name for name, one in meta_features().items() if not one.is_number)


def _named(values: npt.NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(numeric_meta_features(), values.tolist(), strict=True))


def _numeric(datasets: Sequence[MetaFeatures]) -> npt.NDArray[np.float64]:
    values = np.array(
        [[getattr(features, name) for name in numeric_meta_features()] for features in datasets],
        dtype=float,
    )
    logarithmic = [meta_features()[n].seen_as != "linear" for n in numeric_meta_features()]
    values[:, logarithmic] = np.log1p(values[:, logarithmic])
    return values
