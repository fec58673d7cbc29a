"""Meta-features and configuration as numbers (paper, section 2.2: the meta-learner's inputs)."""

import math
from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.backbones import BACKBONES
from metallmix_kedro.declared import (
    Feature,
    Hyperparameter,
    MetaFeature,
    Scale,
    derived,
    hyperparameters,
    meta_features,
    network,
)
from metallmix_kedro.history import N_TRAIN
from metallmix_kedro.meta_features import PROBE_DECLARATIONS, PROBE_FEATURES
from metallmix_kedro.support import InputError

Floats = npt.NDArray[np.float32]


@derived
def described_features() -> Mapping[str, Feature]:
    """Return what the surrogate knows of a trial: each feature, with what is declared of it.

    Meta-features, the size of the training set, features by probes (missing where nobody probed;
    none where no pretrained network is searched) and hyperparameters.
    """
    probes = PROBE_DECLARATIONS if network() else {}
    return {**meta_features(), N_TRAIN: _training_set(), **probes, **hyperparameters()}


def _training_set() -> MetaFeature:
    counted = meta_features().get("n_instances")
    return MetaFeature(
        kind="whole_number",
        words=f"number of training {counted.unit if counted else 'instances'}",
        description="Size of the training set",
        unit=counted.unit if counted else "instances",
    )


def _is_one_hot(declared: Feature) -> bool:
    """Whether a feature has a column a category: words, but for hyperparameters with ranks."""
    ranked = isinstance(declared, Hyperparameter) and declared.kind == "ordered"
    return not (declared.is_number or ranked)


def surrogate_features() -> tuple[str, ...]:
    """Name what the surrogate knows of a trial."""
    return tuple(described_features())


def as_seen(feature: str, values: pd.Series) -> pd.Series:
    """Return a feature's values as the surrogate sees them, on their index.

    Numbers are on their scale, words with an order ranks (both float32, missing where unknown);
    words without order are categories.
    """
    declared = described_features()[feature]
    if declared.is_number:
        seen = declared.on_scale(values.to_numpy(dtype=np.float64, na_value=np.nan))
    elif isinstance(declared, Hyperparameter) and not _is_one_hot(declared):
        ranks = pd.Index(declared.ranks).get_indexer(pd.Index(values))
        seen = np.where(ranks < 0, np.nan, ranks)
    else:
        return values.astype("category")
    return pd.Series(seen, index=values.index, dtype="float32")


class Column(BaseModel):
    """One encoded column: its name, the feature it encodes, what it says and in which unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    feature: str
    description: str
    unit: str


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

_PREFIX: dict[Scale, str] = {"linear": "", "log": "log10_", "log_1p": "log10_1p_"}
_UNIT: dict[Scale, str] = {"linear": "{}", "log": "log10({})", "log_1p": "log10(1 + {})"}


class FeatureEncoder(BaseModel):
    """Turns trials, or candidates for a target, into the surrogate's input matrix.

    How a feature is encoded follows from its declaration. Numbers are taken on their scale: counts,
    sizes and rates as decimal logarithms. Words without order become one column a category
    (one-hot): TreeSHAP is exact on those, and a category never seen is a row of zeros. A backbone
    is described by its published facts besides. Words with an order are one ordinal column, as the
    strategy is, 0 (feature extraction) to 3 (all layers trained): its values differ by how much is
    trained, so that one split can say "at least the last 30 layers" and a dozen datasets suffice to
    learn it. What is unknown is missing (NaN), which XGBoost sends down the branch that fits best.

    Parameters
    ----------
    categories : dict of str to tuple of str
        Of each feature without order the categories with a column of their own, sorted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: dict[str, tuple[str, ...]]

    @classmethod
    def fit(cls, history: pd.DataFrame) -> "FeatureEncoder":
        """Take the categories from trials.

        Parameters
        ----------
        history : pandas.DataFrame
            Trials with the columns `surrogate_features`.
        """
        return cls(
            categories={
                name: _categories(history[name])
                for name, declared in described_features().items()
                if _is_one_hot(declared)
            }
        )

    @property
    def foreign_features(self) -> tuple[str, ...]:
        """Features that have categories here and none by what is declared, or the reverse."""
        declared = {name for name, one in described_features().items() if _is_one_hot(one)}
        return tuple(sorted(declared ^ set(self.categories)))

    @cached_property
    def described_columns(self) -> tuple[Column, ...]:
        """The encoded columns in order, each with its feature, its meaning and its unit."""
        return tuple(
            column for feature in surrogate_features() for column in self._columns_of(feature)
        )

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
            Has the columns `surrogate_features`; n rows. Missing values are allowed; the size of
            the training set and features by probes need no column.

        Returns
        -------
        numpy.ndarray of float32
            Shape (n, number of `columns`); NaN where a value is unknown.

        Raises
        ------
        InputError
            If one of the features has no column.
        """
        absent = [
            name
            for name in surrogate_features()
            if name not in frame and name not in (N_TRAIN, *PROBE_FEATURES)
        ]
        if absent:
            raise InputError(
                f"The surrogate needs the columns {', '.join(surrogate_features())}; these are "
                f"missing: {', '.join(absent)}. Give them, with empty values where they are not "
                "known."
            )
        encoded = np.empty((len(frame), len(self.columns)), dtype=np.float32)
        start = 0
        for feature in surrogate_features():
            known = frame[feature] if feature in frame else pd.Series(np.nan, index=frame.index)
            block = self._encode(feature, known)
            encoded[:, start : start + block.shape[1]] = block
            start += block.shape[1]
        return encoded

    def _columns_of(self, feature: str) -> Iterator[Column]:
        declared = described_features()[feature]
        if declared.is_number:
            yield Column(
                name=_PREFIX[declared.seen_as] + feature,
                feature=feature,
                description=declared.description,
                unit=_UNIT[declared.seen_as].format(declared.unit),
            )
        elif isinstance(declared, Hyperparameter) and not _is_one_hot(declared):
            steps = ", ".join(f"{rank} = {name}" for rank, name in enumerate(declared.ranks))
            yield Column(
                name=feature,
                feature=feature,
                description=f"{declared.description}: {steps}",
                unit="rank",
            )
        else:
            for category in self.categories[feature]:
                yield Column(
                    name=f"{feature}={category}",
                    feature=feature,
                    description=f"1 if the {feature} is {category}, else 0",
                    unit="0 or 1",
                )
        if feature == network():
            for fact, (description, unit) in _FACTS.items():
                yield Column(
                    name=f"{feature}_{fact}", feature=feature, description=description, unit=unit
                )

    def _encode(self, feature: str, values: pd.Series) -> npt.NDArray[np.floating]:
        if not _is_one_hot(described_features()[feature]):
            return as_seen(feature, values).to_numpy()[:, np.newaxis]
        categories = self.categories[feature]
        codes = pd.Index(categories, dtype="str").get_indexer(pd.Index(values))
        one_hot = np.asarray(codes[:, np.newaxis] == np.arange(len(categories))).astype(np.float64)
        one_hot[values.isna().to_numpy()] = np.nan
        return np.hstack([one_hot, _facts(values)]) if feature == network() else one_hot


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
