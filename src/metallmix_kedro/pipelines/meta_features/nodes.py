"""Nodes of the meta-features."""

from collections.abc import Callable

import pandas as pd

from metallmix_kedro.images.parameters import DataIngestionParameters
from metallmix_kedro.meta_features.parameters import MetaFeaturesParameters
from metallmix_kedro.meta_features.registered import meta_feature_table


def compute_table(
    manifests: dict[str, Callable[[], pd.DataFrame]],
    ingestion: DataIngestionParameters,
    parameters: MetaFeaturesParameters,
) -> pd.DataFrame:
    """Compute the meta-features of the datasets in use."""
    return meta_feature_table(manifests, ingestion.registry, ingestion.use, parameters)
