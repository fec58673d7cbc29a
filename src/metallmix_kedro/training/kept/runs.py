"""Training one configuration fold by fold, and once more to keep (paper, section 3.1)."""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import MetallmixError, require, whole_file
from metallmix_kedro.training.features import Features
from metallmix_kedro.training.fitting import Network, Watcher, class_probabilities
from metallmix_kedro.training.inputs.cache import ArrayCache, cache_key
from metallmix_kedro.training.inputs.rows import Rows
from metallmix_kedro.training.inputs.splits import Split
from metallmix_kedro.training.kept.classifier import build_classifier
from metallmix_kedro.training.kept.folds import FinishedFolds, TrainedFold
from metallmix_kedro.training.kept.plans import Plan
from metallmix_kedro.training.kept.progress import TrainingProgress
from metallmix_kedro.training.networks import BackboneStore, NetworkStore
from metallmix_kedro.training.trials import train_trials

logger = logging.getLogger(__name__)

_KEPT = "kept"


class DivergedError(MetallmixError):
    """A training whose loss is no number any more."""

    title: ClassVar[str] = "The training diverged"


class StoppedError(MetallmixError):
    """A training that the user stopped."""

    title: ClassVar[str] = "Stopped"


class OutOfMemoryError(MetallmixError):
    """A training that does not fit into memory, however few images are trained on at once."""

    title: ClassVar[str] = "There is not enough memory"


@dataclass(frozen=True)
class Trained:
    """What a training gave: the folds, the network that is kept, and how long features took.

    ``folds`` are the first of the plan, where there was no time for all.
    """

    configuration: Configuration
    folds: tuple[TrainedFold, ...]
    kept: TrainedFold
    classifier: Path
    feature_time_s: float
    notes: tuple[str, ...]


def train(
    plan: Plan,
    store: BackboneStore,
    cache: ArrayCache,
    progress_root: Path,
    time_s: float | None = None,
) -> Trained:
    """Train a plan, from where an earlier run of the same plan was stopped.

    A batch that does not fit into memory is halved, and that is said; so is that there was no time
    for all folds.

    Parameters
    ----------
    plan : Plan
    store : BackboneStore
        Gives the backbone.
    cache : ArrayCache
        Keeps what is computed once.
    progress_root : Path
        Below it lies a folder for each plan with what is finished of it.
    time_s : float, optional
        Seconds it may take, in all its runs. The first fold and the network that is kept are
        trained in any case; another fold is begun if the time is enough for one like the longest.

    Raises
    ------
    DivergedError, StoppedError, OutOfMemoryError
        What is finished stays stored in each case.
    WeightsError
        If there are no weights for the backbone.
    """
    finished = FinishedFolds(progress_root / _key(plan, store))
    if finished.failure:
        raise DivergedError(finished.failure)
    names = [f"fold_{number}" for number in range(len(plan.splits))] + [_KEPT]
    earlier = [fold for fold in map(finished.read, names) if fold is not None]
    ends = None
    if time_s is not None:
        ends = time.monotonic() + time_s - sum(fold.outcome.fit_time_s for fold in earlier)
    asked = int(plan.configuration.batch_size)
    at_once = min([asked, *(fold.images_at_once for fold in earlier)])
    while True:
        told = f"Trained {at_once} images at a time in place of {asked}: more did not fit."
        configuration = Configuration(**{**plan.configuration.as_dict(), "batch_size": at_once})
        try:
            run = _Run(replace(plan, configuration=configuration), store, cache, finished)
            return run.train(names, (told,) if at_once < asked else (), ends)
        except KeyboardInterrupt:
            raise StoppedError(_stopped(finished, names)) from None
        except Exception as error:
            if not _is_out_of_memory(error):
                raise
            if at_once == 1:
                raise OutOfMemoryError(
                    f"{plan.configuration.backbone} cannot be trained at {plan.image_size} pixels "
                    "on this machine, not even one image at a time. Lower "
                    "experiment_grid.protocol.image_size, or ask for a smaller backbone "
                    "(recommendation.max_parameters)."
                ) from error
        at_once = max(1, at_once // 2)
        logger.warning("Out of memory: going on with batches of %d images.", at_once)


class _Run(Watcher):
    """One attempt at a plan, with the batch it names; it watches the training."""

    def __init__(
        self, plan: Plan, store: BackboneStore, cache: ArrayCache, finished: FinishedFolds
    ) -> None:
        self._plan, self._finished, self._cache = plan, finished, cache
        configuration = plan.configuration
        backbone, strategy = configuration.backbone, configuration.strategy
        self._cut = store.cut(backbone, strategy, plan.image_size)
        self._weights_id = store.weights_id(backbone)
        self._networks = NetworkStore()
        self._probabilities: NDArray[np.float32] | None = None
        self._is_kept = False

    def train(self, names: Sequence[str], notes: tuple[str, ...], ends: float | None) -> Trained:
        """Train every split that is not finished, as far as there is time."""
        plan = self._plan
        splits = dict(zip(names, (*plan.splits, plan.kept), strict=True))
        folds = {name: self._finished.read(name) for name in names}
        if not self._finished.classifier.exists():
            folds[_KEPT] = None
        # What has to be there comes first where the time may end.
        in_turn = [*names] if ends is None else [*names[:1], _KEPT, *names[1:-1]]
        missing = [name for name in dict.fromkeys(in_turn) if folds[name] is None]
        with TrainingProgress(max(1, len(missing)), plan.schedule.max_epochs) as self._progress:
            self._progress.begin(f"{plan.configuration.backbone} looks at the images")
            crossing = Features(plan.root, plan.images, self._cache).crossing(
                self._cut,
                plan.configuration.backbone,
                self._weights_id,
                plan.configuration.strategy,
                plan.image_size,
            )
            for name in missing:
                self._is_kept = name == _KEPT
                if name not in (names[0], _KEPT) and not _is_time_left(folds.values(), ends):
                    break
                self._progress.begin(
                    "the network that is kept"
                    if self._is_kept
                    else f"fold {names.index(name) + 1} of {len(plan.splits)}"
                )
                folds[name] = trained = self._train_split(splits[name], crossing.arrays)
                self._finished.write(name, trained)
        done = [fold for fold in map(folds.__getitem__, names) if fold is not None]
        if len(done) < len(names):
            told = "The time was enough for %d of the %d folds of the cross-validation."
            notes = *notes, told % (len(done) - 1, len(plan.splits))
        share = len(plan.kept.train) + len(plan.kept.validation)
        return Trained(
            plan.configuration,
            tuple(done[:-1]),
            done[-1],
            self._finished.classifier,
            crossing.seconds * share / len(plan.images),
            notes,
        )

    def _train_split(self, split: Split, crossing: Sequence[Rows]) -> TrainedFold:
        plan = self._plan
        ((outcome,),) = train_trials(
            [plan.configuration],
            self._cut,
            crossing,
            plan.labels,
            [split],
            plan.schedule,
            self._networks,
            self,
        )
        assert self._probabilities is not None  # noqa: S101 split_ended was called
        return TrainedFold(
            outcome, split.test, self._probabilities, int(plan.configuration.batch_size)
        )

    def epoch_ended(
        self,
        network: Network,
        inputs: Sequence[Rows],
        split: Split,
        accuracies: NDArray[np.float64],
    ) -> None:
        """Show the epoch; stop where the network has no numbers any more."""
        some = class_probabilities(network, inputs, split.validation[: network.rows_at_once])
        if not np.isfinite(some).all():
            message = (
                f"{self._plan.configuration.id} lost all numbers (NaN) while it was trained: its "
                "steps are too large for these images. Set training.take_next_if_diverged: true "
                "to train the next candidate of the short list."
            )
            self._finished.fail(message)
            raise DivergedError(message)
        self._progress.epoch_ended(float(accuracies[0]))

    def split_ended(self, network: Network, inputs: Sequence[Rows], split: Split) -> None:
        """Ask the network about the test images; store it if it is the one that is kept."""
        self._probabilities = class_probabilities(network, inputs, split.test)[:, 0]
        if self._is_kept:
            model = build_classifier(
                self._plan.configuration.backbone,
                self._cut.whole,
                self._plan.configuration,
                network.head_weights(),
                len(self._plan.class_names),
            )
            save_model(model, self._finished.classifier)
        self._progress.split_ended()


def _is_time_left(folds: Iterable[TrainedFold | None], ends: float | None) -> bool:
    """Whether one more split, as long as the longest yet, would end in time."""
    longest_s = max(fold.outcome.fit_time_s for fold in folds if fold is not None)
    return ends is None or time.monotonic() + longest_s <= ends


def save_model(model: Any, path: Path) -> None:
    """Save a Keras model so that its file is there whole or not at all."""
    saving = require("keras.saving", "experiments")
    with whole_file(path) as file:
        written = Path(f"{file.name}.keras")  # Keras goes by the ending
        try:
            saving.save_model(model, written)
            file.write(written.read_bytes())
        finally:
            written.unlink(missing_ok=True)


def _key(plan: Plan, store: BackboneStore) -> str:
    """Name a plan by all that its outcome depends on."""
    return cache_key(
        configuration=plan.configuration.as_dict(),
        weights=store.weights_id(plan.configuration.backbone),
        image_size=plan.image_size,
        data=plan.data_hash,
        paths=plan.images["path"].tolist(),
        test=[split.test.tolist() for split in plan.splits],
        kept=plan.kept.validation.tolist(),
        schedule=repr(plan.schedule),
    )


def _is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out; TensorFlow and JAX each say it with a class of their own."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "ResourceExhaustedError"
        or "RESOURCE_EXHAUSTED" in str(error)
    )


def _stopped(finished: FinishedFolds, names: Sequence[str]) -> str:
    n_done = sum(finished.read(name) is not None for name in names)
    return (
        f"{n_done} of {len(names)} parts are finished and stored ({len(names) - 1} folds, and the "
        "network that is kept). The same command goes on from there."
    )
