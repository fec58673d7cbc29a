"""The search as a LangChain retriever, for chains of one's own (paper, section 2.3).

Imported by whoever wants one: LangChain's base class brings a third of a second of imports along,
so the pipelines ask `metallmix_kedro.retrieval.search` itself.
"""

from typing import Any, Self

import faiss
import pandas as pd
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ValidationError

from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.search import TrialSearch
from metallmix_kedro.retrieval.similar_trial import SimilarTrial
from metallmix_kedro.support import InputError


class TrialRetriever(BaseRetriever):
    """`TrialSearch` as a LangChain retriever, to be put into a chain.

    The query is a `MetaFeatures` as JSON (``target.model_dump_json()``). Each document is one
    trial: ``page_content`` a readable line, ``metadata`` a `SimilarTrial` as JSON values.
    """

    search: Any

    @classmethod
    def from_history(
        cls, index: faiss.Index, card: dict[str, Any], history: pd.DataFrame, **settings: Any
    ) -> Self:
        """Make a retriever; arguments and errors are those of `TrialSearch.from_history`."""
        return cls(search=TrialSearch.from_history(index, card, history, **settings))

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
        return [_document(trial) for trial in self.search.find(target)]


def _document(trial: SimilarTrial) -> Document:
    return Document(
        id=trial.trial_id, page_content=trial.line(), metadata=trial.model_dump(mode="json")
    )
