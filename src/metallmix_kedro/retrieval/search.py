"""Finding similar past trials: the nearest datasets, and examples of each (paper, section 2.3)."""

from collections import Counter
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.card import REBUILD, IndexCard
from metallmix_kedro.retrieval.index import distances
from metallmix_kedro.retrieval.similar_trial import SimilarTrial, shown_columns
from metallmix_kedro.support import ArtifactError


def retrieve(
    index: faiss.Index,
    card: dict[str, Any] | IndexCard,
    history: pd.DataFrame,
    target: MetaFeatures,
    *,
    k: int = 8,
    max_per_dataset: int = 2,
    exclude_dataset: str | None = None,
    exclude_data_hash: str | None = None,
) -> list[SimilarTrial]:
    """Find the past trials most like a target, most similar dataset first.

    Datasets are visited from the nearest on; each gives its `max_per_dataset` first examples
    (`metallmix_kedro.retrieval.card.IndexEntry`), until there are `k`. A history of few datasets
    gives fewer.

    Parameters
    ----------
    index, card
        From `metallmix_kedro.retrieval.index.build_index`.
    history : pandas.DataFrame
        Holds the trials that are found.
    target : MetaFeatures
        The target's meta-features.
    k : int
        Number of trials, at least 1 (the paper's 8).
    max_per_dataset : int
        Most trials of one dataset, at least 1, so that the evidence is not one neighbour eight
        times.
    exclude_dataset, exclude_data_hash : str, optional
        Name and content hash of the target itself; its own trials are never returned, whether it
        is recognised by name or by content.

    Raises
    ------
    ArtifactError
        If index, card and history do not belong together.
    """
    card = card if isinstance(card, IndexCard) else IndexCard.read(card, index)
    to_entry = distances(index, card, target)
    found = _nearest(
        card, to_entry, card.others(exclude_dataset, exclude_data_hash), k, max_per_dataset
    )
    rows = look_up(history, [trial_id for _, trial_id in found]).to_dict("records")
    by_id = {row["trial_id"]: row for row in rows}
    return [
        SimilarTrial.from_row(by_id[trial_id], float(to_entry[position]))
        for position, trial_id in found
    ]


def _nearest(
    card: IndexCard,
    to_entry: npt.NDArray[np.float64],
    others: list[int],
    k: int,
    max_per_dataset: int,
) -> list[tuple[int, str]]:
    """Return entries and trial ids, nearest first."""
    taken: Counter[str] = Counter()
    found: list[tuple[int, str]] = []
    for position in sorted(others, key=lambda other: (to_entry[other], other)):
        entry = card.entries[position]
        chosen = entry.examples[: max_per_dataset - taken[entry.dataset]]
        taken[entry.dataset] += len(chosen)
        found += [(position, trial_id) for trial_id in chosen]
    return found[:k]


def look_up(history: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    """Return the trials with these ids, in the history's order, and what is shown of them.

    Raises
    ------
    ArtifactError
        If one of them is not there.
    """
    rows = np.flatnonzero(history["trial_id"].isin(ids))
    # Column by column: a choice of columns would copy all their rows first.
    # Histories stored earlier lack the later metrics.
    known = [name for name in shown_columns() if name in history]
    found = pd.DataFrame({name: history[name].iloc[rows] for name in known})
    missing = sorted(set(ids) - set(found["trial_id"]))
    if missing:
        raise ArtifactError(
            f"{len(missing)} trials that retrieval_card names are not in the history, the"
            f" first is '{missing[0]}'. The index was built from another history. {REBUILD}"
        )
    return found
