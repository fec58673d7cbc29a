"""Meta-features and configuration as numbers (paper, section 2.2: the meta-learner's inputs)."""

import math
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.backbones.registry import BACKBONES
from metallmix_kedro.meta_features import META_FEATURE_COLUMNS
from metallmix_kedro.meta_features.probes.features import PROBE_FEATURES
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS, STRATEGIES
from metallmix_kedro.support.errors import InputError

Floats = npt.NDArray[np.float32]

FEATURES: tuple[str, ...] = (*META_FEATURE_COLUMNS, *PROBE_FEATURES, *CONFIGURATION_COLUMNS)
"""What the surrogate knows of a trial: eleven meta-features, ten features by probes (missing where
nobody probed) and seven hyperparameters."""


class Column(BaseModel):
    """One encoded column: its name, the feature it encodes, what it says and in which unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    feature: str
    description: str
    unit: str


class _Numeric(NamedTuple):
    """How a numeric feature is encoded."""

    prefix: str
    transform: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
    description: str
    unit: str


def _log10(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Decimal logarithm; what has none (0 and below) is unknown."""
    return np.log10(np.where(values > 0, values, np.nan))


def _log10_plus_one(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Decimal logarithm of 1 + value, for what may be 0."""
    return _log10(1 + values)


def _as_is(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return values


_DIRECTIONS = {
    "backbone_probe_accuracy": 1,
    "backbone_probe_nll": -1,
    "backbone_knn_error": -1,
    "backbone_logme": 1,
}

_FACTS: dict[str, tuple[str, str]] = {
    "parameters": ("Parameters of the backbone", "log10(count)"),
    "depth": ("Layers of the backbone that hold parameters", "log10(layers)"),
    "imagenet_top1": ("Published ImageNet accuracy of the backbone", "share"),
}
"""Published facts of a backbone, by which one that was never measured can be ranked."""

_NUMERIC: dict[str, _Numeric] = {
    "n_instances": _Numeric("log10_", _log10, "Images of the dataset", "log10(images)"),
    "n_classes": _Numeric("log10_", _log10, "Classes of the dataset", "log10(classes)"),
    "imbalance_ratio": _Numeric("log10_", _log10, "Largest by smallest class", "log10(ratio)"),
    "class_entropy": _Numeric("", _as_is, "Shannon entropy of the class shares", "bits"),
    "image_width": _Numeric("log10_", _log10, "Median width of the images", "log10(pixels)"),
    "image_height": _Numeric("log10_", _log10, "Median height of the images", "log10(pixels)"),
    "class_size_mean": _Numeric("log10_", _log10, "Mean images a class", "log10(images)"),
    "class_size_std": _Numeric(
        "log10_1p_", _log10_plus_one, "Standard deviation of images a class", "log10(1 + images)"
    ),
    "class_size_min": _Numeric("log10_", _log10, "Images of the smallest class", "log10(images)"),
    "class_size_max": _Numeric("log10_", _log10, "Images of the largest class", "log10(images)"),
    "smallest_probe_accuracy": _Numeric(
        "", _as_is, "Accuracy of a linear probe of the smallest backbone", "share"
    ),
    "smallest_probe_nll": _Numeric("", _as_is, "Negative log-likelihood of that probe", "nats"),
    "smallest_probe_ece": _Numeric("", _as_is, "Calibration error of that probe", "share"),
    "smallest_knn_error": _Numeric(
        "", _as_is, "Images whose nearest in the smallest backbone is of another class", "share"
    ),
    "smallest_intrinsic_dimension": _Numeric(
        "log10_", _log10, "Intrinsic dimension of the smallest backbone's features", "log10"
    ),
    "colourfulness": _Numeric("", _as_is, "Mean colourfulness of the images", "0 = grey"),
    "backbone_probe_accuracy": _Numeric(
        "", _as_is, "Accuracy of the backbone's linear probe above all backbones' mean", "share"
    ),
    "backbone_probe_nll": _Numeric(
        "", _as_is, "Negative log-likelihood of that probe above the mean", "share of the mean"
    ),
    "backbone_knn_error": _Numeric(
        "", _as_is, "Nearest-neighbour error of the backbone above all backbones' mean", "share"
    ),
    "backbone_logme": _Numeric("", _as_is, "LogME of the backbone above the mean", "nats"),
    "dense_units": _Numeric("log10_", _log10, "Width of the head", "log10(units)"),
    "dropout": _Numeric("", _as_is, "Share of the head's outputs dropped", "share"),
    "learning_rate": _Numeric("log10_", _log10, "Learning rate", "log10(step size)"),
    "batch_size": _Numeric("log10_", _log10, "Images a training step", "log10(images)"),
}


class FeatureEncoder(BaseModel):
    """Turns trials, or candidates for a target, into the surrogate's input matrix.

    Counts, sizes and rates become decimal logarithms. Modality, backbone and optimizer become
    one column a category (one-hot): TreeSHAP is exact on those, and a category never seen is a
    row of zeros. A backbone is described by its published facts besides. The strategy is one
    ordinal column, 0 (feature extraction) to 3 (all layers trained): its values differ by how much
    is trained, so that one split can say "at least the last 30 layers" and a dozen datasets
    suffice to learn it. What is unknown is missing (NaN), which XGBoost sends down the branch that
    fits best.

    Parameters
    ----------
    modalities, backbones, optimizers : tuple of str
        The categories with a column of their own, sorted.

    Examples
    --------
    >>> encoder = FeatureEncoder(modalities=("CT",), backbones=("Xception",), optimizers=("sgd",))
    >>> encoder.columns[-2:]
    ('log10_learning_rate', 'log10_batch_size')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    modalities: tuple[str, ...]
    backbones: tuple[str, ...]
    optimizers: tuple[str, ...]

    @classmethod
    def fit(cls, history: pd.DataFrame) -> "FeatureEncoder":
        """Take the categories from trials.

        Parameters
        ----------
        history : pandas.DataFrame
            Trials with the columns `FEATURES`.
        """
        return cls(
            modalities=_categories(history["modality"]),
            backbones=_categories(history["backbone"]),
            optimizers=_categories(history["optimizer"]),
        )

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the original features, in the order of the encoded columns."""
        return FEATURES

    @cached_property
    def described_columns(self) -> tuple[Column, ...]:
        """The encoded columns in order, each with its feature, its meaning and its unit."""
        return tuple(column for feature in FEATURES for column in self._columns_of(feature))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the encoded columns, in order."""
        return tuple(column.name for column in self.described_columns)

    @property
    def directions(self) -> tuple[int, ...]:
        """Whether the score may only rise (1) or only fall (-1) with a column; 0: either.

        A backbone whose features tell the classes apart better is no worse a choice.
        """
        return tuple(_DIRECTIONS.get(name, 0) for name in self.columns)

    @cached_property
    def feature_of(self) -> dict[str, str]:
        """Encoded column -> the original feature it belongs to."""
        return {column.name: column.feature for column in self.described_columns}

    def transform(self, frame: pd.DataFrame) -> Floats:
        """Encode trials or candidates.

        Parameters
        ----------
        frame : pandas.DataFrame
            Has the columns `FEATURES`; n rows. Missing values are allowed, and features by probes
            need no column.

        Returns
        -------
        numpy.ndarray of float32
            Shape (n, number of `columns`); NaN where a value is unknown.

        Raises
        ------
        InputError
            If one of the features has no column.
        """
        absent = [name for name in FEATURES if name not in frame and name not in PROBE_FEATURES]
        if absent:
            raise InputError(
                f"The surrogate needs the columns {', '.join(FEATURES)}; these are missing: "
                f"{', '.join(absent)}. Give them, with empty values where they are not known."
            )
        encoded = np.empty((len(frame), len(self.columns)), dtype=np.float32)
        start = 0
        for feature in FEATURES:
            known = frame[feature] if feature in frame else pd.Series(np.nan, index=frame.index)
            block = self._encode(feature, known)
            encoded[:, start : start + block.shape[1]] = block
            start += block.shape[1]
        return encoded

    def _columns_of(self, feature: str) -> Iterator[Column]:
        if feature in _NUMERIC:
            how = _NUMERIC[feature]
            yield Column(
                name=how.prefix + feature,
                feature=feature,
                description=how.description,
                unit=how.unit,
            )
        elif feature == "strategy":
            steps = ", ".join(f"{rank} = {name}" for rank, name in enumerate(STRATEGIES))
            yield Column(
                name=feature,
                feature=feature,
                description=f"How much of the backbone is trained: {steps}",
                unit="rank",
            )
        else:
            for category in self._one_hot[feature]:
                yield Column(
                    name=f"{feature}={category}",
                    feature=feature,
                    description=f"1 if the {feature} is {category}, else 0",
                    unit="0 or 1",
                )
        if feature == "backbone":
            for fact, (description, unit) in _FACTS.items():
                yield Column(
                    name=f"backbone_{fact}", feature=feature, description=description, unit=unit
                )

    @property
    def _one_hot(self) -> dict[str, tuple[str, ...]]:
        return {
            "modality": self.modalities,
            "backbone": self.backbones,
            "optimizer": self.optimizers,
        }

    def _encode(self, feature: str, values: pd.Series) -> npt.NDArray[np.float64]:
        if feature in _NUMERIC:
            numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
            return _NUMERIC[feature].transform(numbers)[:, np.newaxis]
        if feature == "strategy":
            ranks = pd.Index(STRATEGIES).get_indexer(pd.Index(values)).astype(np.float64)
            return np.where(ranks < 0, np.nan, ranks)[:, np.newaxis]
        categories = self._one_hot[feature]
        codes = pd.Index(categories, dtype="str").get_indexer(pd.Index(values))
        one_hot = np.asarray(codes[:, np.newaxis] == np.arange(len(categories))).astype(np.float64)
        one_hot[values.isna().to_numpy()] = np.nan
        return np.hstack([one_hot, _facts(values)]) if feature == "backbone" else one_hot


def _facts(backbones: pd.Series) -> npt.NDArray[np.float64]:
    """Return the published facts of backbones, shape (n, 3); NaN for one that is not registered."""
    codes = pd.Index(list(BACKBONES), dtype="str").get_indexer(pd.Index(backbones))
    facts = [
        [math.log10(known.parameters), math.log10(known.depth), known.imagenet_top1]
        for known in BACKBONES.values()
    ]
    # Code -1, a backbone that is not registered, points to the last row.
    return np.array([*facts, [math.nan] * len(_FACTS)], dtype=np.float64)[codes]


def _categories(values: pd.Series) -> tuple[str, ...]:
    return tuple(sorted(values.dropna().unique().tolist()))
