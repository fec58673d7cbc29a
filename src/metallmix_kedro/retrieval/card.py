"""The card of the retrieval index: what its vectors stand for and how they were made."""

from typing import Any, Literal, Self

import faiss
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.vectors import MetaFeatureScaler
from metallmix_kedro.support import ArtifactError

REBUILD = "Build it again with: kedro run --pipelines=retrieval"


class IndexEntry(BaseModel):
    """One vector of the index: a dataset as it was when its trials were measured.

    Parameters
    ----------
    dataset : str
        Name of the dataset.
    meta_features : MetaFeatures
        Its meta-features.
    n_trials : int
        Number of its trials that may be shown as examples.
    data_hashes : tuple of str
        Content hashes under which they were recorded, sorted.
    examples : tuple of str
        Trial ids in the order in which they are shown: the best by score first, one of each
        backbone and strategy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    meta_features: MetaFeatures
    n_trials: int
    data_hashes: tuple[str, ...]
    examples: tuple[str, ...] = Field(min_length=1)


class IndexCard(BaseModel):
    """What the vectors of the index stand for, in their order, and how they were made.

    Parameters
    ----------
    format_version : int
        Version of this card's layout.
    scaler : MetaFeatureScaler
        How meta-features became vectors.
    novelty_quantile : float
        Share of the history's nearest-neighbour distances above which a target is unlike all.
    entries : tuple of IndexEntry
        One a vector, in the index's order; at least one.
    excluded : dict of str to str
        The datasets of the history that are not in the index, with the reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = 1
    scaler: MetaFeatureScaler
    novelty_quantile: float
    entries: tuple[IndexEntry, ...] = Field(min_length=1)
    excluded: dict[str, str]

    @classmethod
    def read(cls, card: dict[str, Any], index: faiss.Index) -> Self:
        """Validate a stored card against its index.

        Raises
        ------
        ArtifactError
            If the card is not one of ours, or the index has another number or length of vectors.
        """
        try:
            read = cls.model_validate(card)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in problem["loc"]) or "the whole card"
            raise ArtifactError(
                f"retrieval_card cannot be used ({where}: {problem['msg']}). {REBUILD}"
            ) from error
        length = read.scaler.transform([read.entries[0].meta_features]).shape[1]
        if (index.ntotal, index.d) != (len(read.entries), length):
            raise ArtifactError(
                f"retrieval_index holds {index.ntotal} vectors of length {index.d}, but"
                f" retrieval_card describes {len(read.entries)} of length {length}; they were not"
                f" built together. {REBUILD}"
            )
        return read

    def others(self, dataset: str | None) -> list[int]:
        """Return the positions of the entries that are not of this dataset."""
        return [place for place, entry in enumerate(self.entries) if entry.dataset != dataset]
