"""Finding similar past trials: the nearest datasets, and examples of each (paper, section 2.3)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Self

import faiss
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.declared import configuration_columns, meta_feature_columns
from metallmix_kedro.history import METRICS
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.card import REBUILD, IndexCard
from metallmix_kedro.retrieval.index import distances
from metallmix_kedro.search_space import Configuration, phrase
from metallmix_kedro.support import ArtifactError


def shown_columns() -> tuple[str, ...]:
    """Name the columns of the history that are shown of a trial."""
    known = (*meta_feature_columns(), *configuration_columns())
    return ("trial_id", "dataset", "training_time_s", *known, *METRICS)


class SimilarTrial(BaseModel):
    """A past trial on a dataset like the target (paper, section 2.3).

    ``distance`` is Euclidean between standardised meta-features; ``metrics`` are those of
    `metallmix_kedro.history.METRICS` that are known, each in [0, 1]; ``training_time_s`` is in
    seconds, None where the source does not give it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    trial_id: str
    dataset: str
    distance: float
    meta_features: MetaFeatures
    configuration: Configuration
    metrics: dict[str, float]
    training_time_s: float | None

    @classmethod
    def from_row(cls, row: Mapping[Any, Any], distance: float) -> Self:
        """Take a trial out of a row of the history."""
        time = row["training_time_s"]
        return cls(
            trial_id=row["trial_id"],
            dataset=row["dataset"],
            distance=distance,
            meta_features=MetaFeatures.model_validate(
                {name: row[name] for name in meta_feature_columns()}
            ),
            configuration=Configuration.from_mapping(row),
            # Histories stored earlier lack the later metrics.
            metrics={name: row[name] for name in METRICS if pd.notna(row.get(name))},
            training_time_s=None if pd.isna(time) else time,
        )

    def line(self) -> str:
        """Return the trial as one readable line."""
        chosen = self.configuration
        time = "" if self.training_time_s is None else f", {self.training_time_s:.0f} s"
        scores = ", ".join(
            f"{name} {value:.3f}" for name, value in self.metrics.items() if name.startswith("test")
        )
        return f"{self.dataset} ({self.meta_features.line()}): {phrase(chosen)}: {scores}{time}"


def retrieve(
    index: faiss.Index,
    card: dict[str, Any] | IndexCard,
    history: pd.DataFrame,
    target: MetaFeatures,
    *,
    k: int = 8,
    max_per_dataset: int = 2,
    exclude_dataset: str | None = None,
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
    exclude_dataset : str, optional
        Name of the target itself; its own trials are never returned.

    Raises
    ------
    ArtifactError
        If index, card and history do not belong together.
    """
    card = card if isinstance(card, IndexCard) else IndexCard.read(card, index)
    to_entry = distances(index, card, target)
    taken: Counter[str] = Counter()
    found: list[tuple[int, str]] = []
    for position in sorted(card.others(exclude_dataset), key=lambda one: (to_entry[one], one)):
        entry = card.entries[position]
        chosen = entry.examples[: max_per_dataset - taken[entry.dataset]]
        taken[entry.dataset] += len(chosen)
        found += [(position, trial_id) for trial_id in chosen]
    found = found[:k]
    rows = look_up(history, [trial_id for _, trial_id in found]).to_dict("records")
    by_id = {row["trial_id"]: row for row in rows}
    return [
        SimilarTrial.from_row(by_id[trial_id], float(to_entry[position]))
        for position, trial_id in found
    ]


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
