from collections.abc import Sequence

import numpy as np
import pytest

from metallmix_kedro.training.fitting import EnoughError, Schedule, Watcher, train_splits
from metallmix_kedro.training.heads import HeadShape, HeadsNetwork
from metallmix_kedro.training.inputs.rows import StoredRows
from metallmix_kedro.training.inputs.splits import batches
from tests.trial_examples import (
    class_vectors,
    configuration,
    in_memory,
    splits,
)
from tests.whole_network import scores

N_ROWS = 36
LABELS = np.arange(N_ROWS) // 3 % 2
"""Both classes in each third of the rows, see `splits`."""


class Scripted:
    """Networks whose accuracy on any rows follows a script, epoch by epoch; weights are epochs."""

    rows_at_once = 5

    def __init__(self, curves: Sequence[Sequence[float]], steps_an_epoch: int) -> None:
        self.n_networks = len(curves)
        self._curves = np.array(curves)
        self._steps_an_epoch = steps_an_epoch
        self.seen: list[list[int]] = []
        self.reset()

    def reset(self) -> None:
        self._steps = 0
        self.epochs = np.zeros(self.n_networks, dtype=np.int64)

    def train_on(self, inputs: list[np.ndarray], labels: np.ndarray) -> None:
        assert labels.tolist() == LABELS[inputs[0]].tolist()
        self.seen.append(inputs[0].tolist())
        self._steps += 1
        self.epochs[:] = -(-self._steps // self._steps_an_epoch)

    def predict(self, inputs: list[np.ndarray]) -> np.ndarray:
        assert len(inputs[0]) <= self.rows_at_once
        accuracies = self._curves[np.arange(self.n_networks), self.epochs - 1]
        is_right = (inputs[0][:, None] // 3 % 4) < 4 * accuracies
        truth = LABELS[inputs[0]][:, None]
        return np.where(is_right, truth, 1 - truth)

    def weights(self) -> list[np.ndarray]:
        return [self.epochs.copy()]

    def keep(self, kept: list[np.ndarray], which: np.ndarray) -> None:
        kept[0][which] = self.epochs[which]

    def set_weights(self, values: list[np.ndarray]) -> None:
        self.epochs = values[0].copy()


CURVES = [
    [0.25, 0.5, 0.75, 0.5, 0.25, 1.0],  # stops after five epochs: the best is the third
    [0.5, 0.25, 0.25, 0.25, 1.0, 0.0],  # stops after three
    [0.25, 0.25, 0.5, 0.5, 0.75, 0.75],  # never stops
]


def trained(
    network: object, n_splits: int = 2, max_epochs: int = 6, watcher: Watcher | None = None
) -> list:
    rows = in_memory(np.arange(N_ROWS))
    return train_splits(
        network,
        rows,
        LABELS,
        splits(N_ROWS, n_splits),
        5,
        Schedule(max_epochs, 2, freeze_batch_norm=True, seed=4),
        watcher,
    )


def test_each_network_is_scored_at_its_own_best_epoch() -> None:
    outcomes = trained(Scripted(CURVES, steps_an_epoch=3))
    assert [len(of_network) for of_network in outcomes] == [2, 2, 2]
    for number, (epochs, best) in enumerate([(5, 0.75), (3, 0.5), (6, 0.75)]):
        for outcome in outcomes[number]:
            assert outcome.epochs_run == epochs
            assert outcome.validation_accuracy == best
            assert outcome.train_accuracy == best
            assert outcome.test_accuracy == best
            assert outcome.validation_curve == tuple(CURVES[number][:epochs])
            assert sum(outcome.n_tested) == N_ROWS // 3
            assert sum(outcome.n_hits) == best * sum(outcome.n_tested)


def test_every_split_starts_anew_and_sees_its_rows_in_their_order() -> None:
    network = Scripted(CURVES[1:2], steps_an_epoch=3)
    trained(network)
    expected = [
        batch.tolist()
        for split in splits(N_ROWS)
        for epoch in range(3)
        for batch in batches(split.train, 5, 4, epoch)
    ]
    assert network.seen == expected


def test_the_most_epochs_are_not_exceeded() -> None:
    ((outcome,),) = trained(Scripted(CURVES[2:], steps_an_epoch=3), n_splits=1, max_epochs=3)
    assert outcome.epochs_run == 3
    assert outcome.validation_accuracy == 0.5


def test_the_network_is_as_before_also_after_an_error() -> None:
    network = Scripted(CURVES, steps_an_epoch=3)
    trained(network)
    assert network.epochs.tolist() == [0, 0, 0]

    class Failing(Scripted):
        def set_weights(self, values: list[np.ndarray]) -> None:
            super().set_weights(values)
            raise MemoryError

    failing = Failing(CURVES, steps_an_epoch=3)
    with pytest.raises(MemoryError):
        trained(failing)
    assert failing.epochs.tolist() == [0, 0, 0]


class Impatient(Watcher):
    """Has enough after so many epochs."""

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def epoch_ended(self, *_: object) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise EnoughError("That is enough.")


def test_of_a_training_that_is_cut_short_the_finished_splits_count() -> None:
    network = Scripted(CURVES[1:2], steps_an_epoch=3)
    whole = trained(Scripted(CURVES[1:2], steps_an_epoch=3))
    ((outcome,),) = trained(network, watcher=Impatient(4))  # a split takes three epochs
    assert scores(outcome) == scores(whole[0][0])
    assert network.epochs.tolist() == [0]
    with pytest.raises(EnoughError):
        trained(network, watcher=Impatient(2))


def heads(seed: int = 3) -> HeadsNetwork:
    pytest.importorskip("keras")
    network = HeadsNetwork(HeadShape(2, 8, "sgd", 10, 3), seed)
    network.set_scalars([configuration(learning_rate=rate) for rate in (0.1, 0.01)])
    return network


def outcomes_of(network: HeadsNetwork, inputs: list, seed: int = 3) -> list[list[tuple]]:
    _, labels = class_vectors()
    schedule = Schedule(4, 2, freeze_batch_norm=True, seed=seed)
    found = train_splits(network, inputs, labels, splits(len(labels)), 8, schedule)
    assert all(one.fit_time_s > 0 and one.fit_cpu_s > 0 for of_head in found for one in of_head)
    return [[scores(outcome) for outcome in of_head] for of_head in found]


def test_results_depend_on_the_seeds_and_not_on_what_went_before(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    vectors, _ = class_vectors()
    network, in_rows = heads(), in_memory(vectors)
    first = outcomes_of(network, in_rows)
    assert outcomes_of(network, in_rows) == first
    assert outcomes_of(heads(), in_rows) == first
    assert outcomes_of(network, in_rows, seed=8) != first
    path = tmp_path_factory.mktemp("rows") / "vectors.npy"
    np.save(path, vectors)
    assert outcomes_of(network, [StoredRows(path)]) == first
