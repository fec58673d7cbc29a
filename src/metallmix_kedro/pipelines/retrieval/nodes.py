"""Nodes of the retrieval pipeline."""

from typing import Any

import faiss
import pandas as pd

from metallmix_kedro.history.objective import Objective, with_score
from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.index import build_index
from metallmix_kedro.retrieval.neighbours import rank_neighbours
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.retrieval.pictures import plot_neighbours


def index_datasets(
    history: pd.DataFrame, parameters: RetrievalParameters, objective: Objective
) -> tuple[faiss.Index, dict[str, Any]]:
    """Index the meta-features of the history's datasets."""
    return build_index(with_score(history, objective), parameters)


def find_neighbours(index: faiss.Index, card: dict[str, Any]) -> pd.DataFrame:
    """Rank for each dataset all others, as if it were the target."""
    read = IndexCard.read(card, index)
    return rank_neighbours(read.entries, read.scaler.modality_weight)


def draw_neighbours(neighbours: pd.DataFrame) -> Any:
    """Draw the distances between datasets (a matplotlib figure; the base install has none)."""
    return plot_neighbours(neighbours)
