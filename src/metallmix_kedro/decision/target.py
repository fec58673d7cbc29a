"""What is known before a decision: what was learned from the history, and of the target."""

from dataclasses import dataclass
from typing import Any, Self

import faiss
import pandas as pd

from metallmix_kedro.declared import meta_features
from metallmix_kedro.history import N_TRAIN, History, Objective
from metallmix_kedro.meta_features import (
    MetaFeatures,
    TargetDescription,
    add_probes,
    relative_seconds,
)
from metallmix_kedro.retrieval import IndexCard, IndexEntry, Novelty, measure_novelty
from metallmix_kedro.support import InputError, Unchanging
from metallmix_kedro.surrogate import Surrogate

KEPT_SHARE = 0.9
"""Share of its images that train the network one keeps; by the others it is told when to stop."""


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
        Columns `meta_features.probes.columns.PROBE_COLUMNS`; may be empty.
    own_trials : pandas.DataFrame
        The trials on the target itself, from `History.own_trials`.
    others : tuple of IndexEntry
        The datasets of the history that are not the target.
    novelty : Novelty
        Its place among them.
    n_train : float or None
        So many of its images train the network that is predicted: `KEPT_SHARE` of them, but no more
        than ever trained one of the history; None where the history does not tell.
    slower : float or None
        How many times as long training takes on this machine as on the history's, by one timed
        pass of the images (`meta_features.relative_seconds`); None where it is not known.
    """

    description: TargetDescription
    probes: pd.DataFrame
    own_trials: pd.DataFrame
    others: tuple[IndexEntry, ...]
    novelty: Novelty
    n_train: float | None = None
    slower: float | None = None

    @classmethod
    def known(
        cls,
        description: TargetDescription,
        probes: pd.DataFrame,
        learned: Learned,
        history_probes: pd.DataFrame | None = None,
    ) -> Self:
        """Look the target up in what was learned.

        Parameters
        ----------
        description : TargetDescription
        probes : pandas.DataFrame
            Of the target.
        learned : Learned
        history_probes : pandas.DataFrame, optional
            Of the history's datasets: they tell how fast its machine is.

        Raises
        ------
        InputError
            If the history holds no dataset but the target itself, or another of its name: one with
            other classes, or with less than half or more than twice as many images.
        ArtifactError
            If the index and its card do not belong together.
        """
        name, card = description.name, IndexCard.read(learned.card, learned.index)
        _refuse_namesake(description, learned.history)
        return cls(
            description=description,
            probes=probes,
            own_trials=learned.history.own_trials(name),
            others=tuple(entry for entry in card.entries if entry.dataset != name),
            novelty=measure_novelty(learned.index, card, description.meta_features, name),
            n_train=_training_size(description.meta_features, learned.history),
            slower=None if history_probes is None else relative_seconds(probes, history_probes),
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
        known = {"dataset": self.name, N_TRAIN: self.n_train, **self.meta_features.as_dict()}
        frame = configurations.assign(**known).astype({N_TRAIN: "float64"})
        return add_probes(frame, self.probes)

    def predict(
        self, surrogate: Surrogate, frame: pd.DataFrame, relative_score: pd.Series | None = None
    ) -> pd.DataFrame:
        """Predict scores and times of configurations beside it (`Surrogate.predict`).

        Every image is looked at in every epoch, so that beyond the largest training set of the
        history the time grows with the images; on a machine known to be slower, with that.
        """
        predicted = surrogate.predict(frame, relative_score)
        times = predicted.filter(like="training_time")
        return predicted.assign(**(times * self._times_the_images * (self.slower or 1.0)))

    @property
    def _times_the_images(self) -> float:
        if self.n_train is None:
            return 1.0
        return max(1.0, KEPT_SHARE * float(self.meta_features.n_instances) / self.n_train)


def _refuse_namesake(target: TargetDescription, history: History) -> None:
    """Refuse a target that bears the name of another dataset, whose trials are not its own."""
    table = history.table
    ours = table[(table["dataset"] == target.name) & (table["source"] != "published")]
    if not {"n_instances", "n_classes"} <= set(meta_features()) or ours.empty:
        return
    known = target.meta_features.as_dict()
    # Files that could not be used are counted by one and not by the other.
    larger = ours["n_instances"] / float(known["n_instances"])
    others = ours[(ours["n_classes"] != known["n_classes"]) | (larger > 2.0) | (larger < 0.5)]
    others = others.dropna(subset=["n_instances", "n_classes"])
    if not others.empty:
        one = others.iloc[0]
        raise InputError(
            f"The history holds another dataset called '{target.name}': {one['n_instances']:,.0f} "
            f"images of {one['n_classes']:.0f} classes, where yours has "
            f"{known['n_instances']:,.0f} of {known['n_classes']:.0f}. Its trials would count as "
            "yours. Give yours a name of its own: target.name."
        )


def _training_size(known: MetaFeatures, history: History) -> float | None:
    if "n_instances" not in meta_features() or history.training_sizes.empty:
        return None
    return float(min(KEPT_SHARE * known.n_instances, history.training_sizes.max()))
