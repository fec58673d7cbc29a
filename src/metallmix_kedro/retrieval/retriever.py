"""The search as a LangChain retriever, for chains of one's own (paper, section 2.3).

Imported by whoever wants one: LangChain's base class brings a third of a second of imports along,
so the pipelines call `metallmix_kedro.retrieval.search.retrieve` itself.
"""

from typing import Annotated, Any, Self

import faiss
import pandas as pd
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field, ValidationError

from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.search import look_up, retrieve
from metallmix_kedro.support import InputError


class TrialRetriever(BaseRetriever):
    """`retrieve` as a LangChain retriever, to be put into a chain.

    The query is a `MetaFeatures` as JSON (``target.model_dump_json()``). Each document is one
    trial: ``page_content`` a readable line, ``metadata`` a `SimilarTrial` as JSON values.
    """

    index: Any
    card: IndexCard
    examples: Any
    k: Annotated[int, Field(ge=1)] = 8
    max_per_dataset: Annotated[int, Field(ge=1)] = 2
    exclude_dataset: str | None = None

    @classmethod
    def from_history(
        cls, index: faiss.Index, card: dict[str, Any], history: pd.DataFrame, **settings: Any
    ) -> Self:
        """Make a retriever; arguments and errors are those of `retrieve`.

        All examples are looked up here, once; a query is as fast for a million trials as for a
        thousand.
        """
        read = IndexCard.read(card, index)
        ids = [trial_id for entry in read.entries for trial_id in entry.examples]
        return cls(index=index, card=read, examples=look_up(history, ids), **settings)

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
        found = retrieve(
            self.index,
            self.card,
            self.examples,
            target,
            k=self.k,
            max_per_dataset=self.max_per_dataset,
            exclude_dataset=self.exclude_dataset,
        )
        return [
            Document(
                id=trial.trial_id, page_content=trial.line(), metadata=trial.model_dump(mode="json")
            )
            for trial in found
        ]
