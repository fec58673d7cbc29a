"""Small examples of what the experiment grid works with, shared by its tests."""

import hashlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.grid.measuring import MeasuredDataset, Proposal
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.inputs.cache import ArrayCache
from metallmix_kedro.training.inputs.parameters import CacheParameters
from metallmix_kedro.training.inputs.rows import Rows
from metallmix_kedro.training.inputs.splits import Split
from tests.declared_space import base_parameters
from tests.fabricated import SPACE

MOBILENET = "MobileNetV2_0.35"
SIZE = 32
SEED = 5
BY_STRATEGY = {"feature_extraction": 0, "last_10": 0, "last_30": 0, "full": 0}


MORE: dict[str, dict[str, Any]] = {
    "image_size": {"kind": "whole_number", "values": [32, 48]},
    "weight_decay": {"kind": "number", "minimum": 0, "values": [0, 0.1], "default": 0},
    "augmentation": {
        "kind": "ordered",
        "values": ["none", "light", "strong"],
        "default": "none",
        "when": {"strategy": ["full"]},
    },
}
"""Hyperparameters that the trainer knows and conf/base does not declare, as they would stand in a
file."""


def declared_too(*names: str, **values: Any) -> AbstractContextManager[None]:
    """Declare some of `MORE` besides what conf/base does, with other values or none of these."""
    base = base_parameters()
    more = {
        name: {**MORE[name], **({"values": values[name]} if name in values else {})}
        for name in names
    }
    space = {**base["search_space"], **more}
    return used(Declaration.from_parameters({**base, "search_space": space}))


def grid_values(cache: Path | str = "unused", **changes: Any) -> dict[str, Any]:
    """Parameters of a grid that takes seconds, as they would stand in a file."""
    values = {
        "datasets": None,
        "backbones": SPACE.backbone,
        "weights": {MOBILENET: "random:0"},
        "n_random": 6,
        "n_random_by_strategy": BY_STRATEGY,
        "n_bayesian": 2,
        "n_initial": 4,
        "bayesian_datasets": None,
        "protocol": {
            "image_size": SIZE,
            "subset_size": None,
            "n_folds": {"feature_extraction": 3, "last_10": 2, "last_30": 2, "full": 2},
            "max_epochs": {"feature_extraction": 3, "last_10": 2, "last_30": 1, "full": 1},
            "patience": 2,
            "freeze_batch_norm": True,
        },
        "executor": "in_process",
        "n_workers": None,
        "heads_at_once": 3,
        "head_weights_at_once": 1_000_000,
        "cache": {"root": str(cache), "max_disk_gb": 1, "max_memory_gb": 1},
        "reuse_history": True,
        "join_previous_history": True,
        "lock": "unused.lock",
        "seed": SEED,
    }
    return {**values, **changes}


def grid_parameters(cache: Path | str = "unused", **changes: Any) -> ExperimentGridParameters:
    return ExperimentGridParameters.model_validate(grid_values(cache, **changes))


def array_cache(root: Path, max_disk: int = 10**9, max_memory: int = 10**9) -> ArrayCache:
    """A cache with bounds in bytes."""
    gigabytes = {"max_disk_gb": max_disk / 1e9, "max_memory_gb": max_memory / 1e9}
    return ArrayCache(CacheParameters(root=str(root), **gigabytes))


def configuration(strategy: str = "feature_extraction", **changes: Any) -> Configuration:
    values = {
        "backbone": MOBILENET,
        "strategy": strategy,
        "dense_units": 16,
        "dropout": 0.3,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "batch_size": 8,
    }
    return Configuration.from_mapping({**values, **changes})


def proposal(
    strategy: str = "feature_extraction",
    n_train: int | None = None,
    seed: int = SEED,
    **changes: Any,
) -> Proposal:
    return Proposal(configuration(strategy, **changes), "random", n_train, seed)


def image_dataset(
    folder: Path, name: str = "squares", n_images: int = 24, n_classes: int = 3
) -> MeasuredDataset:
    """Noise, each class with a square of its own brightness, in four folds."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(n_images):
        kind = number % n_classes
        pixels = rng.integers(0, 120, (40, 36, 3), dtype=np.uint8)
        pixels[8:32, 8:28] += np.uint8(kind * 60)
        path = folder / name / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        rows.append(
            {
                "path": path.relative_to(folder).as_posix(),
                "class_name": f"class_{kind}",
                "content_hash": hashlib.sha256(path.read_bytes()).hexdigest(),
                "near_copy_group": number,
                "fold": (number // n_classes) % 4,
                "status": "included",
            }
        )
    sizes = {f"class_{kind}": n_images // n_classes for kind in range(n_classes)}
    return MeasuredDataset(
        name=name,
        manifest=pd.DataFrame(rows).astype({"fold": "Int64"}),
        root=folder,
        meta_features=compute_meta_features(sizes, 36, 40, "natural"),
        data_hash=f"hash of {name}",
    )


def class_vectors(
    n_rows: int = 48, n_features: int = 10, n_classes: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors that tell their class, not without mistakes: (features, labels)."""
    rng = np.random.default_rng(1)
    labels = np.arange(n_rows) // 3 % n_classes  # all of them in each third, see `splits`
    centres = rng.normal(size=(n_classes, n_features))
    features = centres[labels] + rng.normal(scale=1.2, size=(n_rows, n_features))
    return features.astype(np.float32), labels


def splits(n_rows: int, n_splits: int = 2) -> list[Split]:
    """Every third row to train on, validate on and test on, in rotation."""
    rows = np.arange(n_rows)
    return [
        Split(rows[rows % 3 == k], rows[rows % 3 == (k + 1) % 3], rows[rows % 3 == (k + 2) % 3])
        for k in range(n_splits)
    ]


def in_memory(*arrays: np.ndarray) -> list[Rows]:
    return [Rows(array) for array in arrays]
