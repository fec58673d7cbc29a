"""The surrogate's card: what its two stored models mean, as JSON that a person can read."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from metallmix_kedro.history import Objective
from metallmix_kedro.support import ArtifactError, xgboost
from metallmix_kedro.surrogate.encoding import Column, FeatureEncoder, surrogate_features
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from metallmix_kedro.surrogate.uncertainty.calibration import Calibration
from metallmix_kedro.surrogate.uncertainty.scales import DeviceScale, ScoreScale
from metallmix_kedro.surrogate.uncertainty.spread import Spread

MEND = "Fit the surrogate again: kedro run --pipelines=meta_learning"
LEARNING = ("meta_learning", "explainability", "retrieval")
"""The pipelines that make what a recommendation for one objective reads."""

TARGETS: dict[str, str] = {
    "score_model": "relative score (0 = worst trial of its dataset and source, 1 = best)",
    "time_model": "natural logarithm of the training time in seconds on the reference device",
}
"""What each of the two models predicts."""


class TrainingFacts(BaseModel):
    """What the surrogate was fitted on and how; cards without an objective are of accuracy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_trials: dict[str, Annotated[int, Field(ge=0)]]
    datasets: tuple[str, ...]
    seed: int
    parameters: MetaLearningParameters
    objective: Objective = "accuracy"


class SurrogateCard(BaseModel):
    """Everything of a surrogate but its trees.

    Parameters
    ----------
    format_version : int
        Of this card; another one is refused.
    fingerprint : str
        SHA-256 over both models and the encoder; the models carry it as an attribute, so that
        files of different fits are not mixed up.
    predicts : dict
        What each model predicts.
    columns : tuple of Column
        The models' input columns in order, with description and unit.
    encoder : FeatureEncoder
        Makes those columns.
    score_scale, device_scale, calibration
        From the models' scales to the user's, and the intervals.
    spread : Spread
        How datasets differ from what is expected of them.
    training : TrainingFacts
        Trials by source, datasets, parameters, seed, objective.
    packages : dict of str to str
        Versions of the packages that fitted it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[3] = 3
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    predicts: dict[str, str]
    columns: tuple[Column, ...]
    encoder: FeatureEncoder
    score_scale: ScoreScale
    device_scale: DeviceScale | None
    calibration: Calibration
    spread: Spread
    training: TrainingFacts
    packages: dict[str, str]


def package_versions() -> dict[str, str]:
    """Return the versions of the packages a fitted model depends on."""
    # XGBoost says its own version: it comes as one of several packages (with or without CUDA).
    return {
        "metallmix-kedro": version("metallmix-kedro"),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "xgboost": xgboost.__version__,
    }


def read_card(card: Mapping[str, Any], objective: Objective = "accuracy") -> SurrogateCard:
    """Check a stored card.

    Parameters
    ----------
    card : mapping
        The parsed JSON of ``surrogate_card``.
    objective : Objective
        What is asked for.

    Raises
    ------
    ArtifactError
        If it is not a card of this format (the message names the first key at fault), of another
        objective, or of another declaration.
    """
    try:
        checked = SurrogateCard.model_validate(card)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"]) or "the whole file"
        raise ArtifactError(
            f"The surrogate card (surrogate_card) cannot be used: {key}: {fault['msg']}. {MEND}"
        ) from error
    # A category that no trial had makes no column.
    known = {*(column.feature for column in checked.columns), *checked.encoder.categories}
    if foreign := {*checked.encoder.foreign_features, *(known ^ set(surrogate_features()))}:
        raise ArtifactError(
            "The surrogate card (surrogate_card) is of other hyperparameters or meta-features than "
            f"are declared; they differ in {', '.join(sorted(foreign))}. {MEND}"
        )
    if checked.columns != checked.encoder.described_columns:
        raise ArtifactError(
            "The surrogate card (surrogate_card) contradicts itself: its columns are not those "
            f"its encoder makes. {MEND}"
        )
    if checked.training.objective != objective:
        raise ArtifactError(
            f"The surrogate card (surrogate_card) is of the objective "
            f"{checked.training.objective}, but {objective} is asked for. Fit what {objective} "
            f"needs: kedro run --pipelines={','.join(LEARNING)} --params=objective={objective}"
        )
    return checked
