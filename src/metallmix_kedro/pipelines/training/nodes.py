"""Nodes of the training; what they do lives in `metallmix_kedro.trained`."""

from collections.abc import Iterator
from typing import Any

import faiss
import pandas as pd

from metallmix_kedro import trained
from metallmix_kedro.decision import Learned, Target
from metallmix_kedro.grid import ExperimentGridParameters
from metallmix_kedro.history import History
from metallmix_kedro.images import DataIngestionParameters
from metallmix_kedro.meta_features import TargetDescription, TargetParameters
from metallmix_kedro.report import RecommendationParameters
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.support import require, xgboost
from metallmix_kedro.surrogate import Surrogate
from metallmix_kedro.trained import Known, TargetImages, TrainedTarget, TrainingParameters
from metallmix_kedro.training import BackboneStore, pretrained_extractor, write_script

Json = dict[str, Any]


def gather_images(
    target: TargetParameters, ingestion: DataIngestionParameters, parameters: TrainingParameters
) -> TargetImages:
    """Look at all images of the target and divide them into folds."""
    return trained.gather_images(target, ingestion, parameters)


def know_what_may_be_tried(
    recommendation: Json,
    previous_history: pd.DataFrame,
    score_model: xgboost.Booster,
    time_model: xgboost.Booster,
    surrogate_card: Json,
    index: faiss.Index,
    index_card: Json,
    target_probes: pd.DataFrame,
    search_space: SearchSpace,
    parameters: RecommendationParameters,
) -> Known:
    """Put together what the recommendation was made of, for a search within a budget."""
    made = trained.read_recommendation(recommendation)
    surrogate = Surrogate.from_artifacts(score_model, time_model, surrogate_card, made.objective)
    history = History.scored(previous_history, made.objective)
    learned = Learned(history, surrogate, index, index_card, made.objective)
    asked = TargetDescription(name=made.target.name, meta_features=made.target.meta_features)
    target = Target.known(asked, target_probes, learned)
    return Known(learned, target, search_space, parameters)


def train_recommended(
    recommendation: Json,
    target: TargetImages,
    known: Known,
    parameters: TrainingParameters,
    grid: ExperimentGridParameters,
) -> TrainedTarget:
    """Cross-validate the first pick, or the best within a budget; then train what is kept."""
    return trained.train_candidates(
        trained.read_recommendation(recommendation), target, known, parameters, grid
    )


def keep_network(done: TrainedTarget, grid: ExperimentGridParameters) -> tuple[list[str], Any, Any]:
    """Hand out the names of the classes, the network, and the one it started from."""
    plan, store = done.plan, BackboneStore(grid.weights, grid.seed)
    backbone = plan.configuration.backbone
    whole = store.cut(backbone, "full", plan.image_size).whole
    classifier = require("keras.saving", "experiments").load_model(
        done.trained.classifier, compile=False
    )
    return list(plan.class_names), classifier, pretrained_extractor(backbone, whole)


def describe_model(done: TrainedTarget) -> tuple[Json, str]:
    """Write the model card, as data and as text."""
    card = trained.describe_model(done)
    return card, trained.render_card(card)


def report_training(done: TrainedTarget, card: Json, parameters: TrainingParameters) -> str:
    """Show how the training went and what the network is wrong about."""
    return trained.render_page(done, card, parameters.n_mistakes)


def write_training_script(done: TrainedTarget, parameters: TrainingParameters) -> str:
    """Write down how to train the same without this project."""
    return write_script(
        done.trained.configuration,
        done.target.name,
        done.plan.image_size,
        parameters.validation_share,
        done.plan.schedule,
    )


def join_own_trial(
    done: TrainedTarget,
    previous_history: pd.DataFrame,
    published_outcomes: pd.DataFrame,
    parameters: TrainingParameters,
) -> Iterator[pd.DataFrame]:
    """Add what was measured to the history, if there was a cross-validation."""
    if parameters.join_history:
        longer = trained.add_own_trial(done, previous_history, published_outcomes)
        if longer is not None:
            yield longer
