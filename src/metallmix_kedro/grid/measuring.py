"""Measuring the trials of one dataset."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metallmix_kedro.grid.parameters import ExperimentGridParameters, level_name
from metallmix_kedro.grid.record import (
    Record,
    environment,
    failed_record,
    finished_record,
    protocol_of,
    trial_id,
)
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import MetallmixError
from metallmix_kedro.training import (
    ArrayCache,
    BackboneStore,
    CachedArrays,
    CutBackbone,
    Features,
    FoldOutcome,
    ImageSplits,
    NetworkStore,
    Schedule,
    Split,
    Watcher,
    draw_subset,
    heads_at_once,
    image_size_of,
    train_trials,
)

# TensorFlow reports its processor features at every start, and that each trial traces a new
# network, which here is meant.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)

_LEVEL_AT_MOST = 0.8
"""Share of a dataset's training images above which a level is no other one than all of them."""


@dataclass(frozen=True)
class MeasuredDataset:
    """A dataset that trials are measured on.

    ``manifest`` is its ingested manifest, ``root`` the folder its paths are relative to,
    ``data_hash`` the identity of its images and labels: equal is what has the same of these.
    """

    name: str
    manifest: pd.DataFrame = field(compare=False)
    root: Path
    meta_features: MetaFeatures = field(compare=False)
    data_hash: str


Trial = tuple[Configuration, int | None, int]
"""Configuration, number of training images (None: all) and seed."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration to measure, and who proposed it (``"random"``, ``"bayesian"`` and so on).

    ``n_train`` images train (None: all there are); ``seed`` draws them, the folds, the initial
    weights, dropout and the order of training.
    """

    configuration: Configuration
    proposer: str
    n_train: int | None
    seed: int

    @property
    def trial(self) -> Trial:
        """What is measured on each dataset, whoever proposed it."""
        return self.configuration, self.n_train, self.seed


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
    networks : NetworkStore
        Likewise.
    watcher : Watcher, optional
        Is told of every epoch; a `MetallmixError` of its ends the measuring, an `EnoughError` the
        trial: its record is of the folds that are finished, if any is.
    """

    def __init__(
        self,
        dataset: MeasuredDataset,
        parameters: ExperimentGridParameters,
        backbones: BackboneStore,
        networks: NetworkStore,
        watcher: Watcher | None = None,
    ) -> None:
        self._watcher = watcher
        self._dataset = dataset
        self._parameters = parameters
        self._backbones = backbones
        self._networks = networks
        protocol = parameters.protocol
        images = draw_subset(dataset.manifest, protocol.subset_size, parameters.seed)
        self._splits = ImageSplits(images, protocol.validation_share, parameters.seed)
        self._made: dict[tuple[str, int | None, int], list[Split]] = {}
        self._features = Features(dataset.root, images, ArrayCache(parameters.cache))
        classes = images["class_name"].astype("category").cat.codes
        self._labels: NDArray[np.int64] = np.asarray(classes, dtype=np.int64)

    @property
    def n_images(self) -> int:
        """Images of the dataset that are used at all."""
        return self._splits.n_images

    def has_level(self, n_train: int | None) -> bool:
        """Whether so many images can train: one of each class, and clearly more are there."""
        if n_train is None:
            return True
        if n_train <= self._labels.max():
            return False
        everything = self._splits.make(1, 0, None, self._parameters.seed)
        return n_train <= _LEVEL_AT_MOST * len(everything[0].train)

    def splits(self, proposal: Proposal) -> list[Split]:
        """Return which images a trial trains on, validates on and is tested on, by fold."""
        configuration, n_train, seed = proposal.trial
        key = (configuration.strategy, n_train, seed)
        if key not in self._made:
            protocol = self._parameters.protocol
            n_folds = getattr(protocol.n_folds, configuration.strategy)
            tested = getattr(protocol.min_tested, configuration.strategy)
            self._made[key] = self._splits.make(n_folds, tested, n_train, seed)
        return self._made[key]

    def identify(self, proposal: Proposal, n_folds: int | None = None) -> tuple[str, Record]:
        """Name a trial and give its protocol, without measuring it; on its first folds alone."""
        configuration, splits = proposal.configuration, self.splits(proposal)[:n_folds]
        size, level = self._image_size(configuration), level_name(proposal.n_train)
        values = {
            **protocol_of(splits, self.n_images, size, level, self._schedule(proposal)),
            "weights_id": self._backbones.weights_id(configuration.backbone),
        }
        base = self._parameters.named_base_seed
        name = trial_id(
            self._dataset.name, self._dataset.data_hash, configuration, {**values, **base}
        )
        return name, values

    def measure(self, proposals: Sequence[Proposal]) -> list[Record]:
        """Measure trials that share features; what goes wrong in one becomes its record.

        Parameters
        ----------
        proposals : sequence of Proposal
            Either one, or several that share level, seed and what `heads.trained_together` says.

        Raises
        ------
        MetallmixError, OSError
            If it is not the trial that fails but what all trials need: weights, an image that
            has gone or changed, a cache that is too small, the disk.
        """
        at_once = self._trained_at_once(proposals[0].configuration)
        parts = (proposals[i : i + at_once] for i in range(0, len(proposals), at_once))
        return [record for part in parts for record in self._measure_together(part)]

    def _trained_at_once(self, configuration: Configuration) -> int:
        """Count the heads that fit into a network no wider than is still fast."""
        if configuration.strategy != "feature_extraction":
            return 1
        n_features = int(self._cut(configuration).frozen.output.shape[-1])
        return heads_at_once(configuration, n_features, self._parameters.head_weights_at_once)

    def _measure_together(self, proposals: Sequence[Proposal]) -> list[Record]:
        try:
            outcomes, crossing = self._train(proposals)
        except (MetallmixError, OSError):
            raise
        # A trial is an experiment: any failure of it (memory, a diverging loss) is an outcome to
        # record, and the grid goes on.
        except Exception as error:
            if len(proposals) > 1:  # which of them it was shows when each is alone
                return [record for one in proposals for record in self._measure_together([one])]
            return [self.failed(proposals[0], error)]
        # Whoever trains this once needs the features of no image that is only tested on.
        split = self.splits(proposals[0])[0]
        feature_s = crossing.seconds * (len(split.train) + len(split.validation)) / self.n_images
        return [
            finished_record(
                *self._described(proposal, len(proposals), len(folds)), folds, feature_s
            )
            for proposal, folds in zip(proposals, outcomes, strict=True)
        ]

    def failed(self, proposal: Proposal, error: Exception) -> Record:
        """Make the record of a trial that could not be measured."""
        return failed_record(*self._described(proposal, 1), error)

    def _described(
        self, proposal: Proposal, trained_together: int, n_folds: int | None = None
    ) -> tuple[Record, MetaFeatures, Configuration, Record]:
        name, protocol = self.identify(proposal, n_folds)
        identity = {
            "trial_id": name,
            "dataset": self._dataset.name,
            "proposer": proposal.proposer,
            "data_hash": self._dataset.data_hash,
        }
        protocol = {**protocol, "trained_together": trained_together, **environment()}
        return identity, self._dataset.meta_features, proposal.configuration, protocol

    def _train(self, proposals: Sequence[Proposal]) -> tuple[list[list[FoldOutcome]], CachedArrays]:
        first = proposals[0].configuration
        cut = self._cut(first)
        crossing = self._features.crossing(
            cut,
            first.backbone,
            self._backbones.weights_id(first.backbone),
            first.strategy,
            self._image_size(first),
        )
        outcomes = train_trials(
            [proposal.configuration for proposal in proposals],
            cut,
            crossing.arrays,
            self._labels,
            self.splits(proposals[0]),
            self._schedule(proposals[0]),
            self._networks,
            self._watcher,
        )
        return outcomes, crossing

    def _schedule(self, proposal: Proposal) -> Schedule:
        return self._parameters.protocol.schedule(proposal.configuration, proposal.seed)

    def _image_size(self, configuration: Configuration) -> int:
        return image_size_of(configuration, self._parameters.protocol.image_size)

    def _cut(self, configuration: Configuration) -> CutBackbone:
        return self._backbones.cut(
            configuration.backbone, configuration.strategy, self._image_size(configuration)
        )
