"""Nodes of data ingestion."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from metallmix_kedro.images import (
    DataIngestionParameters,
    describe_summary,
    draw_dataset,
    ingest_datasets,
    resolve_root,
    summarise_manifest,
)

logger = logging.getLogger(__name__)


def ingest(parameters: DataIngestionParameters) -> Iterator[dict[str, pd.DataFrame]]:
    """Build the manifests of the datasets in use; each is stored the moment it is done."""
    for name, manifest in ingest_datasets(parameters):
        yield {name: manifest}


def summarise(
    manifests: dict[str, Callable[[], pd.DataFrame]], parameters: DataIngestionParameters
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Count and draw what the datasets in use hold."""
    summary = {}
    pictures = {}
    for name in parameters.use:
        manifest = manifests[name]()
        root = resolve_root(name, parameters.registry[name], parameters)
        summary[name] = summarise_manifest(manifest)
        logger.info("%s.", describe_summary(name, summary[name]))
        pictures[name] = draw_dataset(name, manifest, root)
    return summary, pictures
