"""Measuring trials on the target as the experiment grid does, and keeping them on disk."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from metallmix_kedro.grid import (
    ExperimentGridParameters,
    MeasuredDataset,
    Proposal,
    TrialMeasurer,
)
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import whole_file
from metallmix_kedro.trained.images import TargetImages
from metallmix_kedro.training import (
    STRATEGIES,
    BackboneStore,
    EnoughError,
    FinishedFolds,
    FoldOutcome,
    Network,
    NetworkStore,
    Rows,
    Split,
    Watcher,
    cache_key,
    image_size_of,
)

Record = dict[str, Any]
IsEnough = Callable[[Sequence[float]], bool]
"""Whether the validation accuracies of a trial's first folds tell enough of it."""

VALIDATED = 300
"""Images that validate a trial, over its folds; no more folds than that are trained."""
PROPOSER = "training"
"""Who proposed these trials: the user, by training what was recommended."""


@dataclass(frozen=True)
class Measured:
    """What the trial of a configuration gave: its record, and the seconds it took.

    ``look_s`` of them no network was trained; after it, ``used_s`` of the budget were used.
    """

    place: int
    record: Record
    seconds: float
    look_s: float
    used_s: float

    @property
    def validated(self) -> list[float]:
        """The validation accuracy of each fold; none of a trial that failed."""
        return [max(curve) for curve in json.loads(self.record["learning_curves"] or "[]")]


_TRIALS = TypeAdapter(list[Measured])


class _Watching(Watcher):
    """Calls a function after every epoch, and others with what a fold gave."""

    call: Callable[[], None]
    keep: Callable[..., None] | None
    is_enough: IsEnough
    validated: list[float]

    def epoch_ended(self, *_: Any, **__: Any) -> None:
        self.call()

    def split_ended(self, *arguments: Any, **__: Any) -> None:
        if self.keep is not None:
            self.keep(*arguments)
        self.validated.append(arguments[-1][0].validation_accuracy)
        if self.is_enough(self.validated):
            raise EnoughError("The folds that are finished are enough.")


class Trials:
    """The trials on one target.

    Parameters
    ----------
    target : TargetImages
    meta_features : MetaFeatures
        Of the target.
    grid : ExperimentGridParameters
        How trials are measured: its protocol, weights, cache and seed.
    configurations : sequence of Configuration
        All that may be tried; a trial names one by its place.
    backbones : BackboneStore
    progress_root : Path
        Below it lies the folder of what is measured; another target, protocol or space has another.
    keeps : bool
        Whether trials that train layers of the backbone keep their folds, and the network of the
        first, so that the winner need not be trained on them again. They do only where no image is
        left out of trials.
    """

    def __init__(
        self,
        target: TargetImages,
        meta_features: MetaFeatures,
        grid: ExperimentGridParameters,
        configurations: Sequence[Configuration],
        backbones: BackboneStore,
        progress_root: Path,
        keeps: bool = True,
    ) -> None:
        parameters = _with_few_folds(grid, target.images)
        protocol = parameters.protocol
        dataset = MeasuredDataset(
            target.name, target.images, target.root, meta_features, target.data_hash
        )
        self._watcher = _Watching()
        self._measurer = TrialMeasurer(
            dataset, parameters, backbones, NetworkStore(), self._watcher
        )
        self._configurations, self.seed, self._backbones = configurations, grid.seed, backbones
        self._image_size = protocol.image_size
        key = cache_key(
            name=target.name,
            data=target.data_hash,
            paths=target.images["path"].tolist(),
            folds=target.images["fold"].tolist(),
            configurations=[one.id for one in configurations],
            protocol=protocol.model_dump(),
            weights=grid.weights,
            seed=grid.seed,
        )
        self._file = progress_root / key / "search.json"
        self._done: list[Measured] = []
        self.n_images = self._measurer.n_images
        self.n_folds = protocol.n_folds.full
        self.keeps = keeps and self.n_images == len(target.images)

    def measure(
        self,
        place: int,
        watch: Callable[[], None],
        used_s: Callable[[], float],
        is_enough: IsEnough,
    ) -> Measured:
        """Measure a configuration, and store what it gave.

        Parameters
        ----------
        place : int
        watch : callable
            Is called after every epoch; an `EnoughError` of its ends the trial, with what its
            finished folds gave, if any is.
        used_s : callable
            Says how many seconds of the budget are used.
        is_enough : callable
            Is asked after every fold; no other follows where it says so.

        Raises
        ------
        MetallmixError, OSError
            As `TrialMeasurer.measure`.
        """
        self._watcher.call, self._watcher.keep = watch, None
        self._watcher.is_enough, self._watcher.validated = is_enough, []
        if folds := self.kept_of(place):
            self._watcher.keep = partial(self._keep, place, folds)
        started = time.perf_counter()
        (record,) = self._measurer.measure([self._proposal(place)])
        seconds = time.perf_counter() - started
        look_s = max(0.0, seconds - (record["fit_time_s"] or 0.0) * record["n_folds"])
        done = Measured(place, record, seconds, look_s, used_s())
        self._done.append(done)
        with whole_file(self._file) as file:
            file.write(_TRIALS.dump_json(self._done))
        return done

    def kept_of(self, place: int) -> FinishedFolds | None:
        """Return where the trial of a configuration keeps its folds, if it does."""
        if not self.keeps or self._configurations[place].strategy == STRATEGIES[0]:
            return None
        return FinishedFolds(self._file.parent / f"trial_{place}")

    def _keep(
        self,
        place: int,
        folds: FinishedFolds,
        network: Network,
        inputs: Sequence[Rows],
        split: Split,
        outcomes: Sequence[FoldOutcome],
    ) -> None:
        one = self._configurations[place]
        tested = [known.test[0] for known in self._measurer.splits(self._proposal(place))]
        number = tested.index(split.test[0])
        side = image_size_of(one, self._image_size)
        whole = self._backbones.cut(one.backbone, one.strategy, side).whole
        folds.keep(number, one, whole, network, inputs, split, outcomes[0])

    def _proposal(self, place: int) -> Proposal:
        return Proposal(self._configurations[place], PROPOSER, None, self.seed)

    def read(self) -> list[Measured]:
        """Read what an earlier run measured, in its order; nothing where the file is damaged."""
        with suppress(OSError, ValidationError):
            self._done = _TRIALS.validate_json(self._file.read_bytes())
        return list(self._done)


def _with_few_folds(
    grid: ExperimentGridParameters, images: pd.DataFrame
) -> ExperimentGridParameters:
    """Test all strategies on the same folds, no more than validate a trial by enough images."""
    protocol, there = grid.protocol, int(images["fold"].nunique())
    used = min(len(images), protocol.subset_size or len(images))
    validated = used * (1 - 1 / there) * protocol.validation_share
    n_folds = min(there, int(np.ceil(VALIDATED / validated)))
    counts = {
        "n_folds": protocol.n_folds.model_copy(update=dict.fromkeys(STRATEGIES, n_folds)),
        "min_tested": protocol.min_tested.model_copy(update=dict.fromkeys(STRATEGIES, 0)),
    }
    return grid.model_copy(update={"protocol": protocol.model_copy(update=counts)})
