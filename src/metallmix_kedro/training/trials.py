"""Training the trials of one dataset that are trained together: heads, or one network."""

from collections.abc import Sequence
from functools import partial

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.fine_tuning import FineTunedNetwork
from metallmix_kedro.training.fitting import Labels, Network, Schedule, Watcher, train_splits
from metallmix_kedro.training.heads import HeadShape, HeadsNetwork
from metallmix_kedro.training.inputs.rows import Rows
from metallmix_kedro.training.inputs.splits import Split
from metallmix_kedro.training.network import CutBackbone
from metallmix_kedro.training.networks import NetworkStore
from metallmix_kedro.training.outcome import FoldOutcome

_NOT_TRACED = ("learning_rate", "batch_size")
"""Hyperparameters that a network which was built for other values can be trained with."""


def train_trials(
    configurations: Sequence[Configuration],
    cut: CutBackbone,
    crossing: Sequence[Rows],
    labels: Labels,
    splits: Sequence[Split],
    schedule: Schedule,
    networks: NetworkStore,
    watcher: Watcher | None = None,
) -> list[list[FoldOutcome]]:
    """Train configurations that agree in `heads.trained_together`.

    Parameters
    ----------
    configurations : sequence of Configuration
        One, or several feature extractions.
    cut : CutBackbone
        Their backbone, cut for their strategy.
    crossing : sequence of Rows
        What crosses the cut, each of shape (n_images, ...).
    labels : numpy.ndarray of int
        Class numbers, shape (n_images,).
    splits : sequence of Split
        Rows to train on, validate on and test on.
    schedule : Schedule
        For how long, and with which seed.
    networks : NetworkStore
        Where networks are kept ready.
    watcher : Watcher, optional
        Is told of every epoch and split.

    Returns
    -------
    list of list of FoldOutcome
        For each configuration, one outcome for each split.
    """
    return train_splits(
        _network(configurations, cut, crossing, int(labels.max()) + 1, schedule, networks),
        crossing,
        labels,
        splits,
        configurations[0].batch_size,
        schedule,
        watcher,
    )


def _network(
    configurations: Sequence[Configuration],
    cut: CutBackbone,
    crossing: Sequence[Rows],
    n_classes: int,
    schedule: Schedule,
    networks: NetworkStore,
) -> Network:
    """Build what is trained, or take one that differs in nothing that was traced."""
    first, freeze, seed = configurations[0], schedule.freeze_batch_norm, schedule.seed
    if cut.trained is None:
        shape = HeadShape.of(configurations, crossing[0].shape[1], n_classes)
        heads: HeadsNetwork = networks.get((shape, seed), partial(HeadsNetwork, shape, seed))
        heads.set_scalars(configurations)
        return heads
    traced = tuple(item for item in first.as_dict().items() if item[0] not in _NOT_TRACED)
    shapes = tuple(rows.shape[1:] for rows in crossing)
    tuned: FineTunedNetwork = networks.get(
        (traced, shapes, n_classes, freeze, seed),
        partial(FineTunedNetwork, cut, first, n_classes, freeze, seed),
    )
    tuned.set_learning_rate(first.learning_rate)
    return tuned
