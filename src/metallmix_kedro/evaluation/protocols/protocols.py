"""What training loses before a method chooses for a dataset (``docs/evaluation_protocol.md``)."""

from collections.abc import Sequence

import numpy as np

from metallmix_kedro.declared import features, meta_features, network
from metallmix_kedro.evaluation.parameters import MAIN, ProtocolName
from metallmix_kedro.evaluation.protocols.replay import ReplayTable
from metallmix_kedro.history import History, LeftOut
from metallmix_kedro.surrogate import Fold, together

MIN_LEFT = 2
"""Fewest datasets with scored trials that have to remain: a mean over others needs two."""


def kind_of_dataset() -> str | None:
    """Return the meta-feature that says of which kind a dataset is: the first in words, if any."""
    return next((name for name, one in meta_features().items() if one.kind == "category"), None)


def possible_protocols(asked: Sequence[ProtocolName]) -> tuple[ProtocolName, ...]:
    """Keep the protocols that leave out something that is declared."""
    needed = {"leave_one_modality_out": kind_of_dataset(), "leave_one_backbone_out": network()}
    return tuple(name for name in asked if name not in needed or needed[name])


def protocol_title(protocol: str) -> str:
    """Say in a few words what training loses under a protocol."""
    titles: dict[str, str] = {
        MAIN: "Dataset left out",
        "leave_one_modality_out": f"Its whole {_words_of(kind_of_dataset())} left out",
        "leave_one_backbone_out": f"A {_words_of(network())} left out as well",
    }
    return titles.get(protocol, protocol)


def _words_of(feature: str | None) -> str:
    return "" if feature is None else features()[feature].words or feature


def left_out_for(
    protocol: ProtocolName,
    table: ReplayTable,
    history: History,
    backbones: Sequence[str],
    overlapping: Sequence[Fold] = (),
) -> list[LeftOut]:
    """Say what training loses for a target: one set, or one for each backbone.

    Parameters
    ----------
    protocol : str
        Name of the protocol.
    table : ReplayTable
        The target's recorded trials.
    history : History
        All trials.
    backbones : sequence of str
        Those that are left out one by one, from `drawn_backbones`.
    overlapping : sequence of frozenset of str
        Groups of datasets that share images: they leave together.

    Returns
    -------
    list of LeftOut
        Empty if none of the backbones was recorded on the target.
    """
    target = together(table.dataset, overlapping)
    if protocol == "leave_one_dataset_out":
        return [LeftOut(target)]
    if protocol == "leave_one_modality_out":
        kind = kind_of_dataset()
        alike = history.table[kind] == table.candidates[kind].iloc[0]
        return [LeftOut(target | frozenset(history.table.loc[alike, "dataset"].astype(str)))]
    recorded = set(table.candidates[network()])
    return [LeftOut(target, name) for name in backbones if name in recorded]


def drawn_backbones(tables: Sequence[ReplayTable], most: int, seed: int) -> tuple[str, ...]:
    """Return the backbones that are left out one by one, the same for all targets.

    Parameters
    ----------
    tables : sequence of ReplayTable
        Recorded trials of all targets.
    most : int
        With more recorded backbones than this, so many are drawn at random.
    seed : int
        Of that draw.

    Returns
    -------
    tuple of str
        Sorted; none where no pretrained network is searched.
    """
    column = network()
    if column is None:
        return ()
    names = sorted({str(name) for table in tables for name in table.candidates[column]})
    if len(names) > most:
        drawn = np.random.default_rng(seed).choice(len(names), size=most, replace=False)
        names = [names[position] for position in sorted(drawn)]
    return tuple(names)


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
