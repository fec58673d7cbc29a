"""The LangChain retriever of similar past trials (paper, section 2.3)."""

from collections import Counter
from typing import Any, Self

import faiss
import numpy as np
import pandas as pd
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field, ValidationError

from metallmix_kedro.errors import ArtifactError, InputError
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.card import REBUILD, IndexCard
from metallmix_kedro.retrieval.index import distances
from metallmix_kedro.retrieval.similar_trial import SimilarTrial


class TrialRetriever(BaseRetriever):
    """Finds trials on the datasets most like a target; make one with `from_history`.

    The query is a `MetaFeatures` as JSON (``target.model_dump_json()``). Each document is one
    trial: ``page_content`` a readable line, ``metadata`` a `SimilarTrial` as JSON values.

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

    index: Any
    card: IndexCard
    examples: pd.DataFrame
    k: int = Field(default=8, ge=1)
    max_per_dataset: int = Field(default=2, ge=1)
    exclude_dataset: str | None = None
    exclude_data_hash: str | None = None

    @classmethod
    def from_history(
        cls, index: faiss.Index, card: dict[str, Any], history: pd.DataFrame, **settings: Any
    ) -> Self:
        """Make a retriever over an index and the history it was built from.

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
        examples = history[history["trial_id"].isin(ids)].set_index("trial_id", drop=False)
        missing = sorted(set(ids) - set(examples.index))
        if missing:
            raise ArtifactError(
                f"{len(missing)} trials that retrieval_card names are not in the history, the"
                f" first is '{missing[0]}'. The index was built from another history. {REBUILD}"
            )
        return cls(index=index, card=read, examples=examples, **settings)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        del run_manager  # nothing here starts a chain of its own
        try:
            target = MetaFeatures.model_validate_json(query)
        except ValidationError as error:
            raise InputError(
                "The query of a TrialRetriever is the target's meta-features as JSON"
                f" (target.model_dump_json()); this one cannot be read: {error}"
            ) from error
        to_entry = distances(self.index, self.card, target)
        found = self._nearest(to_entry)
        rows = self.examples.loc[[trial_id for _, trial_id in found]]
        return [
            _document(SimilarTrial.from_row(row, float(to_entry[position])))
            for (position, _), (_, row) in zip(found, rows.iterrows(), strict=True)
        ]

    def _nearest(self, to_entry: np.ndarray[Any, np.dtype[np.float64]]) -> list[tuple[int, str]]:
        """Return entries and trial ids, nearest first."""
        others = self.card.others(self.exclude_dataset, self.exclude_data_hash)
        taken: Counter[str] = Counter()
        found: list[tuple[int, str]] = []
        for position in sorted(others, key=lambda other: (to_entry[other], other)):
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
    """Return the past trials most like the target, most similar dataset first.

    For many targets make one `TrialRetriever` and invoke it for each.

    Parameters
    ----------
    index, card, history
        As for `TrialRetriever.from_history`.
    target : MetaFeatures
        The target's meta-features.
    **settings
        ``k`` (8), ``max_per_dataset`` (2), ``exclude_dataset``, ``exclude_data_hash``.

    Raises
    ------
    ArtifactError
        If index, card and history do not belong together.
    """
    retriever = TrialRetriever.from_history(index, card, history, **settings)
    documents = retriever.invoke(target.model_dump_json())
    return [SimilarTrial.model_validate(document.metadata) for document in documents]


def _document(trial: SimilarTrial) -> Document:
    return Document(
        id=trial.trial_id, page_content=trial.line(), metadata=trial.model_dump(mode="json")
    )
