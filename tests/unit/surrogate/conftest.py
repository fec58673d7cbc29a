import pandas as pd
import pytest

from metallmix_kedro.history.objective import with_score
from metallmix_kedro.surrogate import BoostingParameters, MetaLearningParameters
from metallmix_kedro.surrogate.checks.lodo import leave_one_dataset_out
from metallmix_kedro.surrogate.fit import fit_surrogate
from metallmix_kedro.surrogate.model import Surrogate
from tests.fabricated import fabricate_history

SMALL = BoostingParameters(n_rounds=40, eta=0.2)


@pytest.fixture(scope="session")
def parameters() -> MetaLearningParameters:
    """Few trees: enough to learn the fabricated truth."""
    return MetaLearningParameters(score_model=SMALL, time_model=SMALL)


@pytest.fixture(scope="session")
def _history() -> pd.DataFrame:
    return with_score(fabricate_history(n_datasets=5, n_trials=40), "accuracy")


@pytest.fixture
def history(_history) -> pd.DataFrame:
    return _history.copy()


@pytest.fixture(scope="session")
def surrogate(_history, parameters) -> Surrogate:
    return fit_surrogate(_history, parameters, seed=1)


@pytest.fixture(scope="session")
def predictions(_history, parameters) -> pd.DataFrame:
    return leave_one_dataset_out(_history, parameters, seed=1)


def published_twin(history: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Trials of a dataset as somebody else would publish them: backbone, accuracy, time."""
    rows = history[history["dataset"] == dataset].head(6)
    unknown = ["strategy", "dense_units", "dropout", "optimizer", "learning_rate", "batch_size"]
    rows = rows.assign(source="published", trial_id="published-" + rows["trial_id"])
    rows[unknown] = None
    return rows.astype({name: history[name].dtype for name in unknown})
