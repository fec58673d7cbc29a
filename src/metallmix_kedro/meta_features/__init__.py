"""What is known of a dataset before anything is trained on it (paper, section 2.1)."""

from metallmix_kedro.meta_features.features import (
    META_FEATURE_COLUMNS,
    NUMERIC_META_FEATURES,
    MetaFeatures,
    compute_meta_features,
)

__all__ = [
    "META_FEATURE_COLUMNS",
    "NUMERIC_META_FEATURES",
    "MetaFeatures",
    "compute_meta_features",
]
