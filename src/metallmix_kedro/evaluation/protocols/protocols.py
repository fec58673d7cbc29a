"""What training loses before a method chooses for a dataset (``docs/evaluation_protocol.md``)."""

from collections.abc import Sequence

from metallmix_kedro.declared import features, meta_features
from metallmix_kedro.evaluation.parameters import MAIN, ProtocolName
from metallmix_kedro.evaluation.protocols.replay import ReplayTable
from metallmix_kedro.history import History
from metallmix_kedro.surrogate import Fold, together

MIN_LEFT = 2
"""Fewest datasets with scored trials that have to remain: a mean over others needs two."""


def kind_of_dataset() -> str | None:
    """Return the meta-feature that says of which kind a dataset is: the first in words, if any."""
    return next((name for name, one in meta_features().items() if one.kind == "category"), None)


def possible_protocols(asked: Sequence[ProtocolName]) -> tuple[ProtocolName, ...]:
    """Keep the protocols that leave out something that is declared."""
    return tuple(name for name in asked if name == MAIN or kind_of_dataset())


def protocol_title(protocol: str) -> str:
    """Say in a few words what training loses under a protocol."""
    kind = kind_of_dataset()
    if protocol == MAIN or kind is None:
        return "Dataset left out"
    return f"Its whole {features()[kind].words or kind} left out"


def left_out_for(
    protocol: ProtocolName, table: ReplayTable, history: History, overlapping: Sequence[Fold] = ()
) -> Fold:
    """Say what training loses for a target.

    Parameters
    ----------
    protocol : str
        Name of the protocol.
    table : ReplayTable
        The target's recorded trials.
    history : History
        All trials.
    overlapping : sequence of frozenset of str
        Groups of datasets that share images: they leave together.
    """
    target = together(table.dataset, overlapping)
    if protocol == MAIN:
        return target
    kind = kind_of_dataset()
    alike = history.table[kind] == table.candidates[kind].iloc[0]
    return target | frozenset(history.table.loc[alike, "dataset"].astype(str))


def too_little_left(training: History) -> str | None:
    """Say why nothing can be learned from what remains, or return None.

    Parameters
    ----------
    training : History
        From `History.without`.
    """
    n_left = training.n_scored_datasets
    if n_left >= MIN_LEFT:
        return None
    return f"what remains has scored trials of {n_left} dataset(s), fewer than {MIN_LEFT}"
