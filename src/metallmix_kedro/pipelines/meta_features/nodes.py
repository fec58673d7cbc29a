"""Nodes of the meta-features."""

from collections.abc import Callable

import pandas as pd

from metallmix_kedro.grid import ExperimentGridParameters
from metallmix_kedro.images import DataIngestionParameters, resolve_root
from metallmix_kedro.meta_features import (
    ProbedImages,
    ProbeParameters,
    chosen_backbones,
    meta_feature_table,
)
from metallmix_kedro.meta_features.probes import measuring
from metallmix_kedro.training import BackboneStore


def compute_table(
    manifests: dict[str, Callable[[], pd.DataFrame]],
    ingestion: DataIngestionParameters,
) -> pd.DataFrame:
    """Compute the meta-features of the datasets in use."""
    return meta_feature_table(manifests, ingestion.registry, ingestion.use)


def probe_datasets(
    manifests: dict[str, Callable[[], pd.DataFrame]],
    dataset_meta_features: pd.DataFrame,
    previous_probes: pd.DataFrame,
    probes: ProbeParameters,
    ingestion: DataIngestionParameters,
    grid: ExperimentGridParameters,
) -> pd.DataFrame:
    """Probe the datasets in use, with no backbone unless asked to."""
    hashes = dataset_meta_features.set_index("dataset")["data_hash"]
    datasets = (
        ProbedImages(
            name=str(name),
            data_hash=str(hashes[name]),
            root=resolve_root(str(name), ingestion.registry[str(name)], ingestion).absolute(),
            images=manifests[str(name)](),
        )
        for name in hashes.index
    )
    backbones = chosen_backbones(probes.backbones, grid.backbones)
    store = BackboneStore(grid.weights, grid.seed)
    return measuring.probe_datasets(datasets, backbones, store, probes, previous_probes)
