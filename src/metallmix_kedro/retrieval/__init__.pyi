from .card import IndexCard as IndexCard, IndexEntry as IndexEntry
from .index import (
    build_index as build_index,
    distances as distances,
    retrievable_trials as retrievable_trials,
)
from .neighbours import rank_neighbours as rank_neighbours
from .novelty import Novelty as Novelty, measure_novelty as measure_novelty
from .parameters import RetrievalParameters as RetrievalParameters
from .pictures import plot_neighbours as plot_neighbours
from .search import retrieve as retrieve
from .similar_trial import SimilarTrial as SimilarTrial
