"""A history in which all datasets share their configurations, as random trials do."""

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.evaluation.compare import compare_methods
from metallmix_kedro.evaluation.outcomes import Comparison
from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.protocols.replay import replay_tables
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.history import METRICS, History
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.history.schema import history_schema
from metallmix_kedro.meta_features.probes.columns import PROBE_COLUMNS
from metallmix_kedro.report.parameters import RecommendationParameters
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.surrogate.parameters import BoostingParameters, MetaLearningParameters
from tests.fabricated import BACKBONE_EFFECT, RATE_EFFECT, fabricate_history

N_DATASETS, N_TRIALS = 4, 24


@pytest.fixture(scope="session")
def shared_history() -> pd.DataFrame:
    history = fabricate_history(N_DATASETS, N_TRIALS, seed=3)
    keys = list(configuration_columns())
    history["data_hash"] = ("images of " + history["dataset"]).astype("str")
    history[keys] = np.tile(history[keys].head(N_TRIALS).to_numpy(object), (N_DATASETS, 1))
    effect = history["backbone"].map(BACKBONE_EFFECT) + history["learning_rate"].map(RATE_EFFECT)
    rng = np.random.default_rng(1)
    score = (0.6 + effect + rng.normal(0, 0.01, len(history))).clip(0, 1)
    valid = history_schema().validate(history.assign(**dict.fromkeys(METRICS, score)))
    return with_score(valid, "accuracy")


@pytest.fixture(scope="session")
def settings() -> Settings:
    few = BoostingParameters(n_rounds=20, eta=0.2)
    return Settings(
        EvaluationParameters(
            n_trials=8, n_initial=3, n_random_seeds=6, n_bayesian_seeds=2, n_bootstrap=200
        ),
        MetaLearningParameters(score_model=few, time_model=few),
        RecommendationParameters(),
        RetrievalParameters(),
    )


@pytest.fixture(scope="session")
def probes(shared_history: pd.DataFrame) -> pd.DataFrame:
    """LogME that orders the backbones as they are."""
    pairs = shared_history[["dataset", "data_hash", "backbone"]].drop_duplicates()
    logme = pairs["backbone"].map(BACKBONE_EFFECT)
    return pairs.assign(logme=logme).reindex(columns=list(PROBE_COLUMNS))


@pytest.fixture(scope="session")
def comparison(
    shared_history: pd.DataFrame, settings: Settings, probes: pd.DataFrame
) -> Comparison:
    return compare_methods(History(shared_history), settings, probes)


@pytest.fixture(scope="session")
def task(shared_history: pd.DataFrame, settings: Settings, probes: pd.DataFrame) -> Task:
    """The first dataset left out."""
    tables, _ = replay_tables(History(shared_history), "measured", 5)
    return Task.leaving_out(History(shared_history), tables[0], settings, probes)
