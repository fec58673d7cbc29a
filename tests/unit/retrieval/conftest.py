"""A fabricated history and its index."""

from typing import Any

import faiss
import pandas as pd
import pytest

from metallmix_kedro.history.objective import with_score
from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.index import build_index
from tests.fabricated import fabricate_history


@pytest.fixture(scope="session")
def history() -> pd.DataFrame:
    return with_score(fabricate_history(n_datasets=6, n_trials=40), "accuracy")


@pytest.fixture(scope="session")
def built(history: pd.DataFrame) -> tuple[faiss.Index, dict[str, Any]]:
    return build_index(history)


@pytest.fixture(scope="session")
def card(built: tuple[faiss.Index, dict[str, Any]]) -> IndexCard:
    index, card = built
    return IndexCard.read(card, index)
