"""Datasets to measure trials on: given folders and archives, or drawn ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from metallmix_kedro.declared import meta_feature_columns
from metallmix_kedro.grid.measuring import MeasuredDataset
from metallmix_kedro.images.manifest import ingest_datasets
from metallmix_kedro.images.parameters import DataIngestionParameters, DatasetEntry
from metallmix_kedro.images.sources import resolve_root
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.meta_features.registered import meta_feature_table


@dataclass(frozen=True)
class Ingested:
    """Datasets as the experiment grid reads them: manifests, and the table of meta-features."""

    ingestion: DataIngestionParameters
    manifests: dict[str, pd.DataFrame]
    table: pd.DataFrame

    @property
    def partitions(self) -> dict[str, Any]:
        """The manifests, each as a function that loads it."""
        return {name: partial(lambda frame: frame, frame) for name, frame in self.manifests.items()}

    def measured(self, name: str) -> MeasuredDataset:
        """Put together what trials on one dataset are measured on."""
        row = self.table.set_index("dataset").loc[name]
        root = resolve_root(name, self.ingestion.registry[name], self.ingestion)
        features = MetaFeatures.model_validate(row[list(meta_feature_columns())].to_dict())
        return MeasuredDataset(name, self.manifests[name], root, features, str(row["data_hash"]))


def ingest(paths: Sequence[Path], unpacked: Path) -> Ingested:
    """Ingest folders or archives of images, each under its name without suffix."""
    registry = {
        path.name.split(".")[0]: DatasetEntry(path=str(path.absolute()), modality="unknown")
        for path in paths
    }
    ingestion = DataIngestionParameters(
        datasets_root=unpacked, unpacked_root=unpacked, registry=registry, use=tuple(registry)
    )
    found = Ingested(ingestion, dict(ingest_datasets(ingestion)), pd.DataFrame())
    table = meta_feature_table(found.partitions, registry, ingestion.use)
    return Ingested(ingestion, found.manifests, table)


def draw_dataset(folder: Path, n_classes: int, n_images: int, seed: int, side: int = 128) -> Path:
    """Draw stripes under noise, of a direction of its own for each class, as JPEGs."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[0:side, 0:side]
    for number in range(n_images):
        label = number % n_classes
        angle = np.pi * (label + rng.normal(0, 0.25)) / n_classes
        waves = np.sin((np.cos(angle) * across + np.sin(angle) * down) / 4 + rng.uniform(0, 6))
        shown = 128 + 40 * waves[..., None] + rng.normal(0, 40, (side, side, 3))
        path = folder / f"class_{label}" / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(shown.clip(0, 255).astype(np.uint8)).save(path, quality=85)
    return folder
