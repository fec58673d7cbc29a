"""Measuring trials on the target as the experiment grid does, and keeping them on disk."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from metallmix_kedro.trained.within_budget.pace import Step
from metallmix_kedro.training import BackboneStore, NetworkStore, Watcher, cache_key

Record = dict[str, Any]

LEVELS = (100, 400, None)
"""Images that train, the fewest first; None: all."""
PROPOSER = "training"
"""Who proposed these trials: the user, by training what was recommended."""


@dataclass(frozen=True)
class Measured:
    """What a step gave: a record for each configuration, and the seconds it took.

    ``look_s`` of them no network was trained; after it, ``used_s`` of the budget were used.
    """

    step: Step
    records: tuple[Record, ...]
    seconds: float
    look_s: float
    used_s: float


_STEPS = TypeAdapter(list[Measured])


class _EveryEpoch(Watcher):
    """Calls a function after every epoch."""

    call: Callable[[], None]

    def epoch_ended(self, *_: Any, **__: Any) -> None:
        self.call()


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
        All that may be tried; a step names them by their places.
    backbones : BackboneStore
    progress_root : Path
        Below it lies the folder of what is measured; another target, protocol or space has another.
    """

    def __init__(
        self,
        target: TargetImages,
        meta_features: MetaFeatures,
        grid: ExperimentGridParameters,
        configurations: Sequence[Configuration],
        backbones: BackboneStore,
        progress_root: Path,
    ) -> None:
        counts, there = grid.protocol.n_folds, target.images["fold"].nunique()
        fewer = {strategy: min(there, count) for strategy, count in dict(counts).items()}
        protocol = grid.protocol.model_copy(update={"n_folds": counts.model_copy(update=fewer)})
        dataset = MeasuredDataset(
            target.name, target.images, target.root, meta_features, target.data_hash
        )
        parameters = grid.model_copy(update={"protocol": protocol})
        self._watcher = _EveryEpoch()
        self._measurer = TrialMeasurer(
            dataset, parameters, backbones, NetworkStore(), self._watcher
        )
        self._configurations, self._seed = configurations, grid.seed
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
        self._steps: list[Measured] = []
        self.levels = tuple(level for level in LEVELS if self._measurer.has_level(level))
        self.n_images = self._measurer.n_images

    def n_train(self, place: int, level: int) -> int:
        """Count the images that train a configuration at a level."""
        return len(self._measurer.splits(self._proposal(place, level))[0].train)

    def n_folds(self, place: int) -> int:
        """Count the folds of a configuration's trial."""
        return len(self._measurer.splits(self._proposal(place, len(self.levels) - 1)))

    def _proposal(self, place: int, level: int) -> Proposal:
        return Proposal(self._configurations[place], PROPOSER, self.levels[level], self._seed)

    def measure(
        self, step: Step, watch: Callable[[], None], used_s: Callable[[], float]
    ) -> Measured:
        """Measure a step, and store what it gave.

        Parameters
        ----------
        step : Step
        watch : callable
            Is called after every epoch; a `MetallmixError` of its ends the step.
        used_s : callable
            Says how many seconds of the budget are used.

        Raises
        ------
        MetallmixError, OSError
            As `TrialMeasurer.measure`.
        """
        self._watcher.call, started = watch, time.perf_counter()
        records = self._measurer.measure([self._proposal(one, step.level) for one in step.places])
        seconds = time.perf_counter() - started
        fits = sum((one["fit_time_s"] or 0.0) * one["n_folds"] for one in records)
        look_s = max(0.0, seconds - fits)
        done = Measured(step, tuple(records), seconds, look_s, used_s())
        self._steps.append(done)
        with whole_file(self._file) as file:
            file.write(_STEPS.dump_json(self._steps))
        return done

    def read(self) -> list[Measured]:
        """Read what an earlier run measured, in its order; nothing where the file is damaged."""
        with suppress(OSError, ValidationError):
            self._steps = _STEPS.validate_json(self._file.read_bytes())
        return list(self._steps)
