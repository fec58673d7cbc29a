"""A surrogate fitted on a fabricated history, and its attributions."""

import pandas as pd
import pytest

from metallmix_kedro.attribution.trials import attribute_trials
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.surrogate.fit import fit_surrogate
from metallmix_kedro.surrogate.model import Surrogate
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from tests.fabricated import fabricate_history


@pytest.fixture(scope="session")
def history() -> pd.DataFrame:
    """Eight datasets, one of them with rows that cannot be explained."""
    history = with_score(fabricate_history(n_datasets=8, n_trials=30), "accuracy")
    history.loc[0, "status"] = "failed"
    history.loc[1, "learning_rate"] = None
    published = history.iloc[[2]].assign(
        trial_id="published-0", source="published", strategy=None, dropout=None
    )
    return pd.concat([history, published], ignore_index=True)


@pytest.fixture(scope="session")
def surrogate(history: pd.DataFrame) -> Surrogate:
    return fit_surrogate(history, MetaLearningParameters(n_threads=1), seed=0)


@pytest.fixture(scope="session")
def attributions(surrogate: Surrogate, history: pd.DataFrame) -> pd.DataFrame:
    return attribute_trials(surrogate, history)
