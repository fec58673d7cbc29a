"""Training one configuration fold by fold, and once more to keep (paper, section 3.1)."""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import MetallmixError
from metallmix_kedro.training.features import Features
from metallmix_kedro.training.fitting import Network, Watcher, class_probabilities
from metallmix_kedro.training.inputs.cache import ArrayCache
from metallmix_kedro.training.inputs.rows import Rows
from metallmix_kedro.training.inputs.splits import Split
from metallmix_kedro.training.kept.classifier import save_classifier
from metallmix_kedro.training.kept.folds import FOLD, FinishedFolds, TrainedFold
from metallmix_kedro.training.kept.plans import Plan
from metallmix_kedro.training.kept.progress import TrainingProgress
from metallmix_kedro.training.networks import BackboneStore, NetworkStore
from metallmix_kedro.training.outcome import FoldOutcome
from metallmix_kedro.training.trials import train_trials

logger = logging.getLogger(__name__)

KEPT_TIMES = 1.3
"""The network that is kept trains on more images than a fold: so many times as long."""

_KEPT = "kept"
_NO_TIME = (
    "There was no time to train the network that is kept on more images: it is that of the first "
    "fold of its trial."
)


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

    ``folds`` are the first of the plan, where there was no time for all; ``kept_split`` says which
    images the network that is kept was trained on.
    """

    configuration: Configuration
    folds: tuple[TrainedFold, ...]
    kept: TrainedFold
    kept_split: Split
    classifier: Path
    feature_time_s: float
    notes: tuple[str, ...]


def train(
    plan: Plan,
    store: BackboneStore,
    cache: ArrayCache,
    progress_root: Path,
    time_s: float | None = None,
    tried: FinishedFolds | None = None,
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
    tried : FinishedFolds, optional
        The first folds of the plan, where a trial has trained them already, with the network of the
        first: it is kept where there is no time to train one on more images.

    Raises
    ------
    DivergedError, StoppedError, OutOfMemoryError
        What is finished stays stored in each case.
    WeightsError
        If there are no weights for the backbone.
    """
    key = plan.key(store.weights_id(plan.configuration.backbone))
    finished = FinishedFolds(progress_root / key)
    if finished.failure:
        raise DivergedError(finished.failure)
    names = [FOLD.format(number) for number in range(len(plan.splits))] + [_KEPT]
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
            run = _Run(replace(plan, configuration=configuration), store, cache, finished, tried)
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
        self,
        plan: Plan,
        store: BackboneStore,
        cache: ArrayCache,
        finished: FinishedFolds,
        tried: FinishedFolds | None,
    ) -> None:
        self._plan, self._finished, self._cache = plan, finished, cache
        self._tried = tried if tried is not None and tried.is_whole else None
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
        if self._tried is not None:
            folds = {name: fold or self._tried.read(name) for name, fold in folds.items()}
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
                times = KEPT_TIMES if self._is_kept else 1.0
                is_time_left = _is_time_left(folds.values(), times, ends)
                if self._is_kept and self._tried is not None and not is_time_left:
                    continue
                if name not in (names[0], _KEPT) and not is_time_left:
                    break
                self._progress.begin(
                    "the network that is kept"
                    if self._is_kept
                    else f"fold {names.index(name) + 1} of {len(plan.splits)}"
                )
                folds[name] = trained = self._train_split(splits[name], crossing.arrays)
                self._finished.write(name, trained)
        done = [fold for fold in map(folds.__getitem__, names[:-1]) if fold is not None]
        if len(done) < len(plan.splits):
            told = "The time was enough for %d of the %d folds of the cross-validation."
            notes = *notes, told % (len(done), len(plan.splits))
        kept, split, source = folds[_KEPT], plan.kept, self._finished
        if kept is None:
            assert self._tried is not None  # noqa: S101 else it was trained
            kept, split, source = done[0], plan.splits[0], self._tried
            notes = *notes, _NO_TIME
        share = len(split.train) + len(split.validation)
        feature_s = crossing.seconds * share / len(plan.images)
        return Trained(
            plan.configuration, tuple(done), kept, split, source.classifier, feature_s, notes
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

    def split_ended(
        self,
        network: Network,
        inputs: Sequence[Rows],
        split: Split,
        _: Sequence[FoldOutcome],
    ) -> None:
        """Ask the network about the test images; store it if it is the one that is kept."""
        self._probabilities = class_probabilities(network, inputs, split.test)[:, 0]
        if self._is_kept:
            save_classifier(
                self._finished.classifier, self._plan.configuration, self._cut.whole, network
            )
        self._progress.split_ended()


def _is_time_left(folds: Iterable[TrainedFold | None], times: float, ends: float | None) -> bool:
    """Whether one more split, so many times as long as the longest yet, would end in time."""
    longest_s = max((fold.outcome.fit_time_s for fold in folds if fold is not None), default=0.0)
    return ends is None or time.monotonic() + times * longest_s <= ends


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
