"""Nodes of the retrieval pipeline."""

from typing import Any

import faiss
import pandas as pd

from metallmix_kedro.history import Objective, with_score
from metallmix_kedro.retrieval import (
    IndexCard,
    RetrievalParameters,
    build_index,
    rank_neighbours,
)


def index_datasets(
    history: pd.DataFrame, parameters: RetrievalParameters, objective: Objective
) -> tuple[faiss.Index, dict[str, Any]]:
    """Index the meta-features of the history's datasets."""
    return build_index(with_score(history, objective), parameters)


def find_neighbours(index: faiss.Index, card: dict[str, Any]) -> pd.DataFrame:
    """Rank for each dataset all others, as if it were the target."""
    read = IndexCard.read(card, index)
    return rank_neighbours(read.entries, read.scaler.modality_weight)
