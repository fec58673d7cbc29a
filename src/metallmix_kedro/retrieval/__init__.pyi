from .card import IndexCard as IndexCard, IndexEntry as IndexEntry
from .index import (
    build_index as build_index,
    distances as distances,
    retrievable_trials as retrievable_trials,
)
from .neighbours import plot_neighbours as plot_neighbours, rank_neighbours as rank_neighbours
from .novelty import Novelty as Novelty, measure_novelty as measure_novelty
from .parameters import RetrievalParameters as RetrievalParameters
from .search import SimilarTrial as SimilarTrial, retrieve as retrieve
