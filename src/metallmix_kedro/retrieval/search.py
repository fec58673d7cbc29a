"""Finding similar past trials: the nearest datasets, and examples of each (paper, section 2.3)."""

from collections import Counter
from typing import Annotated, Any, Self

import faiss
import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.card import REBUILD, IndexCard
from metallmix_kedro.retrieval.index import distances
from metallmix_kedro.retrieval.similar_trial import SimilarTrial, shown_columns
from metallmix_kedro.support import ArtifactError


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class TrialSearch:
    """Finds trials on the datasets most like a target; make one with `from_history` or `once`.

    Datasets are visited from the nearest on; each gives its `max_per_dataset` first examples
    (`metallmix_kedro.retrieval.card.IndexEntry`), until there are `k`. A history of few datasets
    gives fewer.

    Parameters
    ----------
    k : int
        Number of trials, at least 1 (the paper's 8).
    max_per_dataset : int
        Most trials of one dataset, at least 1, so that the evidence is not one neighbour eight
        times.
    exclude_dataset, exclude_data_hash : str, optional
        Name and content hash of the target itself; its own trials are never returned, whether it
        is recognised by name or by content.
    """

    index: faiss.Index
    card: IndexCard
    examples: pd.DataFrame
    k: Annotated[int, Field(ge=1)] = 8
    max_per_dataset: Annotated[int, Field(ge=1)] = 2
    exclude_dataset: str | None = None
    exclude_data_hash: str | None = None

    @classmethod
    def from_history(
        cls, index: faiss.Index, card: dict[str, Any], history: pd.DataFrame, **settings: Any
    ) -> Self:
        """Make a search for many targets over an index and the history it was built from.

        All examples are looked up here, once; a query is as fast for a million trials as for a
        thousand.

        Parameters
        ----------
        index, card
            From `metallmix_kedro.retrieval.index.build_index`.
        history : pandas.DataFrame
            The history they were built from.
        **settings
            ``k``, ``max_per_dataset``, ``exclude_dataset``, ``exclude_data_hash``.

        Raises
        ------
        ArtifactError
            If index, card and history do not belong together.
        """
        read = IndexCard.read(card, index)
        ids = [trial_id for entry in read.entries for trial_id in entry.examples]
        return cls(index=index, card=read, examples=_look_up(history, ids), **settings)

    @classmethod
    def once(
        cls, index: faiss.Index, card: dict[str, Any], history: pd.DataFrame, **settings: Any
    ) -> Self:
        """Make a search for one target: arguments as for `from_history`.

        Only the trials that are found are looked up, and only they have to be in the history.
        """
        return cls(index=index, card=IndexCard.read(card, index), examples=history, **settings)

    def find(self, target: MetaFeatures) -> list[SimilarTrial]:
        """Return the trials most like the target, most similar dataset first.

        Raises
        ------
        ArtifactError
            If one of them is not in the history.
        """
        to_entry = distances(self.index, self.card, target)
        found = self._nearest(to_entry)
        rows = _look_up(self.examples, [trial_id for _, trial_id in found]).to_dict("records")
        by_id = {row["trial_id"]: row for row in rows}
        return [
            SimilarTrial.from_row(by_id[trial_id], float(to_entry[position]))
            for position, trial_id in found
        ]

    def _nearest(self, to_entry: np.ndarray[Any, np.dtype[np.float64]]) -> list[tuple[int, str]]:
        """Return entries and trial ids, nearest first."""
        others = self.card.others(self.exclude_dataset, self.exclude_data_hash)
        taken: Counter[str] = Counter()
        found: list[tuple[int, str]] = []
        for position in sorted(others, key=lambda other: (to_entry[other], other)):
            if len(found) == self.k:
                break
            entry = self.card.entries[position]
            n_more = min(self.max_per_dataset - taken[entry.dataset], self.k - len(found))
            chosen = entry.examples[:n_more]
            taken[entry.dataset] += len(chosen)
            found += [(position, trial_id) for trial_id in chosen]
        return found


def retrieve(
    index: faiss.Index,
    card: dict[str, Any],
    history: pd.DataFrame,
    target: MetaFeatures,
    **settings: Any,
) -> list[SimilarTrial]:
    """Find the past trials most like one target, most similar dataset first.

    For many targets make one `TrialSearch` and ask it for each. Other arguments and errors are
    those of `TrialSearch.once`.
    """
    return TrialSearch.once(index, card, history, **settings).find(target)


def _look_up(history: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
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
