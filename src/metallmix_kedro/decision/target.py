"""What is known before a decision: what was learned from the history, and of the target."""

from dataclasses import dataclass
from typing import Any, Self

import faiss
import pandas as pd

from metallmix_kedro.history import History, Objective
from metallmix_kedro.meta_features import MetaFeatures, TargetDescription, add_probes
from metallmix_kedro.retrieval import IndexCard, IndexEntry, Novelty, measure_novelty
from metallmix_kedro.support import Unchanging
from metallmix_kedro.surrogate import Surrogate


@dataclass(frozen=True, eq=False)
class Learned(Unchanging):
    """The history and all that was learned from it, whatever the target is.

    Parameters
    ----------
    history : History
    surrogate : Surrogate
    index : faiss.Index
    card : dict
        From `retrieval.index.build_index`.
    objective : Objective
        What the scores are.
    """

    history: History
    surrogate: Surrogate
    index: faiss.Index
    card: dict[str, Any]
    objective: Objective = "accuracy"


@dataclass(frozen=True, slots=True, eq=False)
class Target(Unchanging):
    """All that is known of the target.

    Parameters
    ----------
    description : TargetDescription
    probes : pandas.DataFrame
        Columns `metallmix_kedro.meta_features.probes.PROBE_COLUMNS`; may be empty.
    own_trials : pandas.DataFrame
        The trials on the target itself, from `History.own_trials`.
    others : tuple of IndexEntry
        The datasets of the history that are not the target.
    novelty : Novelty
        Its place among them.
    """

    description: TargetDescription
    probes: pd.DataFrame
    own_trials: pd.DataFrame
    others: tuple[IndexEntry, ...]
    novelty: Novelty

    @classmethod
    def known(cls, description: TargetDescription, probes: pd.DataFrame, learned: Learned) -> Self:
        """Look the target up in what was learned.

        Raises
        ------
        InputError
            If the history holds no dataset but the target itself.
        ArtifactError
            If the index and its card do not belong together.
        """
        name, card = description.name, IndexCard.read(learned.card, learned.index)
        return cls(
            description=description,
            probes=probes,
            own_trials=learned.history.own_trials(name),
            others=tuple(entry for entry in card.entries if entry.dataset != name),
            novelty=measure_novelty(learned.index, card, description.meta_features, name),
        )

    @property
    def name(self) -> str:
        """Its name, under which the history has its own trials."""
        return self.description.name

    @property
    def meta_features(self) -> MetaFeatures:
        """Its meta-features."""
        return self.description.meta_features

    @property
    def outside(self) -> bool:
        """Whether it is unlike any dataset of the history that is not its own."""
        return self.novelty.is_unlike_all

    def beside(self, configurations: pd.DataFrame) -> pd.DataFrame:
        """Set its meta-features and probes beside configurations."""
        known = {"dataset": self.name, **self.meta_features.as_dict()}
        return add_probes(configurations.assign(**known), self.probes)
