"""Measuring the trials of one dataset."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metallmix_kedro.backbones.build import build_backbone, preprocess, weights_id
from metallmix_kedro.backbones.registry import BACKBONES
from metallmix_kedro.errors import WeightsError
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.trials.features import (
    FeatureCache,
    FrozenFeatures,
    compute_features,
    features_key,
)
from metallmix_kedro.trials.network import CutBackbone, cut_backbone
from metallmix_kedro.trials.parameters import ExperimentGridParameters
from metallmix_kedro.trials.pixels import load_pixels
from metallmix_kedro.trials.record import (
    Record,
    environment,
    failed_record,
    finished_record,
    trial_id,
)
from metallmix_kedro.trials.splits import draw_subset, make_splits
from metallmix_kedro.trials.training import FoldOutcome, train_folds

# TensorFlow reports its processor features at every start, and that each trial traces a new
# network, which here is meant.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
logging.getLogger("tensorflow").setLevel(logging.ERROR)


@dataclass(frozen=True)
class MeasuredDataset:
    """A dataset that trials are measured on.

    ``manifest`` is its ingested manifest, ``root`` the folder its paths are relative to,
    ``data_hash`` the identity of its images and labels.
    """

    name: str
    manifest: pd.DataFrame
    root: Path
    meta_features: MetaFeatures
    data_hash: str


class BackboneStore:
    """Backbones cut for training, each built once in a process.

    Parameters
    ----------
    weights : dict
        Local weights files by backbone, in place of the backbones' own sources.
    """

    def __init__(self, weights: dict[str, str]) -> None:
        self._weights = weights
        self._cuts: dict[tuple[str, str, int], CutBackbone] = {}
        self._weights_ids: dict[str, str] = {}

    def weights_id(self, backbone: str) -> str:
        """Identity of the weights that a backbone starts from (files are hashed once)."""
        if backbone not in self._weights_ids:
            self._weights_ids[backbone] = weights_id(backbone, self._weights.get(backbone))
        return self._weights_ids[backbone]

    def cut(self, backbone: str, strategy: str, image_size: int) -> CutBackbone:
        """Return the backbone cut for a strategy, at its pretrained weights.

        Raises
        ------
        WeightsError
            If the weights are missing or do not fit.
        """
        key = (backbone, strategy, image_size)
        if key not in self._cuts:
            # Each strategy has a network of its own: layers of one cut are trainable, of another
            # frozen, and that is a property of the layer.
            network = build_backbone(backbone, image_size, self._weights.get(backbone))
            self._cuts[key] = cut_backbone(network, strategy)
        return self._cuts[key]


class TrialMeasurer:
    """Measures configurations on one dataset, sharing what trials have in common.

    Parameters
    ----------
    dataset : MeasuredDataset
        What to measure on.
    parameters : ExperimentGridParameters
        How to measure.
    backbones : BackboneStore
        Shared by the measurers of a process.
    """

    def __init__(
        self,
        dataset: MeasuredDataset,
        parameters: ExperimentGridParameters,
        backbones: BackboneStore,
    ) -> None:
        self._dataset = dataset
        self._parameters = parameters
        self._backbones = backbones
        self._cache = FeatureCache(Path(parameters.cache_root))
        protocol = parameters.protocol
        self._subset = draw_subset(dataset.manifest, protocol.subset_size, parameters.seed)
        self._splits = make_splits(self._subset["fold"], protocol.n_folds)
        classes = self._subset["class_name"].astype("category").cat.codes
        self._labels: NDArray[np.int64] = np.asarray(classes, dtype=np.int64)
        self._pixels: dict[int, NDArray[np.uint8]] = {}

    def identify(self, configuration: Configuration) -> tuple[str, Record]:
        """Name a trial and give its protocol, without measuring it."""
        protocol = self._parameters.protocol
        values = {
            "image_size": self._image_size(configuration.backbone),
            "subset_size": len(self._subset),
            "n_folds": protocol.n_folds,
            "max_epochs": getattr(protocol.max_epochs, configuration.strategy),
            "patience": protocol.patience,
            "freeze_batch_norm": protocol.freeze_batch_norm,
            "seed": self._parameters.seed,
            "weights_id": self._backbones.weights_id(configuration.backbone),
        }
        name = trial_id(self._dataset.name, self._dataset.data_hash, configuration, values)
        return name, values

    def measure(self, configuration: Configuration, proposer: str) -> Record:
        """Measure one trial; whatever goes wrong in it becomes a record with its error.

        Raises
        ------
        WeightsError
            If the backbone's weights are missing or do not fit.
        """
        name, protocol = self.identify(configuration)
        identity = {
            "trial_id": name,
            "dataset": self._dataset.name,
            "proposer": proposer,
            "data_hash": self._dataset.data_hash,
        }
        protocol = {**protocol, **environment()}
        described = (identity, self._dataset.meta_features, configuration, protocol)
        try:
            outcomes, feature_time_s = self._train(configuration)
        # A trial is an experiment: any failure of it (memory, a diverging loss, a broken file) is
        # an outcome to record, and the grid goes on.
        # Weights that cannot be had are not: they would fail every trial of their backbone.
        except WeightsError:
            raise
        except Exception as error:
            return failed_record(*described, error)
        return finished_record(*described, outcomes, feature_time_s)

    def _train(self, configuration: Configuration) -> tuple[list[FoldOutcome], float]:
        protocol = self._parameters.protocol
        image_size = self._image_size(configuration.backbone)
        cut = self._backbones.cut(configuration.backbone, configuration.strategy, image_size)
        features = self._crossing(cut, configuration, image_size)
        outcomes = train_folds(
            cut,
            features.arrays,
            self._labels,
            self._splits,
            configuration,
            max_epochs=getattr(protocol.max_epochs, configuration.strategy),
            patience=protocol.patience,
            freeze_batch_norm=protocol.freeze_batch_norm,
            seed=self._parameters.seed,
        )
        return outcomes, features.seconds

    def _image_size(self, backbone: str) -> int:
        return self._parameters.protocol.image_size or BACKBONES[backbone].default_image_size

    def _crossing(
        self, cut: CutBackbone, configuration: Configuration, image_size: int
    ) -> FrozenFeatures:
        """Activations that cross the cut, from the cache where anything is frozen."""

        def images() -> NDArray[np.float32]:
            return preprocess(configuration.backbone, self._load(image_size).astype(np.float32))

        if cut.frozen is None:
            return FrozenFeatures([images()], 0.0)
        key = features_key(
            images=self._subset["content_hash"].tolist(),
            backbone=configuration.backbone,
            weights=self._backbones.weights_id(configuration.backbone),
            strategy=configuration.strategy,
            image_size=image_size,
        )
        return self._cache.get(key, lambda: compute_features(cut.frozen, images()))

    def _load(self, image_size: int) -> NDArray[np.uint8]:
        if image_size not in self._pixels:
            paths = self._subset["path"].tolist()
            self._pixels[image_size] = load_pixels(self._dataset.root, paths, image_size)
        return self._pixels[image_size]
