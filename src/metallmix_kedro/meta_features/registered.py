"""The meta-features of registered datasets, from their manifests."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from metallmix_kedro.declared import meta_feature_columns
from metallmix_kedro.images import INCLUDED, DatasetEntry, data_hash
from metallmix_kedro.meta_features.features import MetaFeatures, compute_meta_features
from metallmix_kedro.support import InputError


def describe_registered(manifest: pd.DataFrame, entry: DatasetEntry) -> MetaFeatures:
    """Compute the meta-features of an ingested dataset (paper, section 2.1).

    Parameters
    ----------
    manifest : pandas.DataFrame
        Its manifest; excluded files do not count.
    entry : DatasetEntry
        Its entry: the modality, and the original size where the files were scaled.

    Returns
    -------
    MetaFeatures
    """
    used = manifest[manifest["status"] == INCLUDED]
    sizes = used["class_name"].value_counts().sort_index()
    counts = {str(name): int(size) for name, size in sizes.items()}
    width, height = entry.original_size or (used["width"].median(), used["height"].median())
    return compute_meta_features(counts, width, height, entry.modality)


def meta_feature_table(
    manifests: Mapping[str, Callable[[], pd.DataFrame]],
    registry: Mapping[str, DatasetEntry],
    names: tuple[str, ...],
) -> pd.DataFrame:
    """Compute the meta-features of several ingested datasets.

    Parameters
    ----------
    manifests : mapping of str to callable
        Loads a dataset's manifest, by its name.
    registry : mapping of str to DatasetEntry
        The registered datasets.
    names : tuple of str
        Which of them.

    Returns
    -------
    pandas.DataFrame
        One row a dataset, sorted by name: ``dataset``, `meta_feature_columns`, ``data_hash``.

    Raises
    ------
    InputError
        Naming the datasets that have no manifest.
    """
    missing = [name for name in names if name not in manifests]
    if missing:
        raise InputError(
            f"These datasets of data_ingestion.use have not been ingested: {', '.join(missing)}. "
            "Run the pipeline data_ingestion first."
        )
    rows: list[dict[str, Any]] = []
    for name in sorted(names):
        manifest = manifests[name]()
        features = describe_registered(manifest, registry[name])
        rows.append({"dataset": name, **features.model_dump(), "data_hash": data_hash(manifest)})
    return pd.DataFrame(rows, columns=["dataset", *meta_feature_columns(), "data_hash"])
