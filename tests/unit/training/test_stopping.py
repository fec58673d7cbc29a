from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.training.fitting import EarlyStopping

ACCURACIES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=12)


def stopped(curves: list[list[float]], patience: int) -> tuple[list[int], list[int]]:
    """Epochs run and the best epoch of each curve, as `train_splits` finds them."""
    stopping = EarlyStopping(len(curves), patience)
    best = np.full(len(curves), -1)
    for epoch, accuracies in enumerate(zip(*curves, strict=True)):
        best[stopping.update(np.array(accuracies))] = epoch
        if not stopping.running.any():
            break
    return stopping.epochs.tolist(), best.tolist()


def as_told(curve: list[float], patience: int) -> tuple[int, int]:
    """The same by its definition, looking back from each epoch."""
    for n_epochs in range(1, len(curve) + 1):
        best = curve.index(max(curve[:n_epochs]))
        if n_epochs - 1 - best >= patience:
            return n_epochs, best
    return len(curve), best


@given(curve=ACCURACIES, patience=st.integers(1, 5))
def test_one_network_stops_as_the_definition_says(curve: list[float], patience: int) -> None:
    epochs, best = stopped([curve], patience)
    assert (epochs[0], best[0]) == as_told(curve, patience)


@given(curve=ACCURACIES, patience=st.integers(1, 5))
def test_one_network_stops_as_keras_stops_it(curve: list[float], patience: int) -> None:
    keras = pytest.importorskip("keras")
    weights = []
    model = SimpleNamespace(
        stop_training=False,
        get_weights=lambda: [len(weights)],
        set_weights=weights.append,
    )
    callback = keras.callbacks.EarlyStopping(
        "val_accuracy", patience=patience, mode="max", restore_best_weights=True
    )
    callback.set_model(model)
    callback.on_train_begin()
    n_epochs = 0
    for epoch, accuracy in enumerate(curve):
        callback.on_epoch_end(epoch, {"val_accuracy": accuracy})
        n_epochs += 1
        if model.stop_training:
            break
    assert stopped([curve], patience) == ([n_epochs], [callback.best_epoch])


@given(data=st.data(), n_networks=st.integers(1, 4), patience=st.integers(1, 4))
def test_networks_trained_together_stop_as_each_alone(
    data: st.DataObject, n_networks: int, patience: int
) -> None:
    n_epochs = data.draw(st.integers(1, 10))
    curve = st.lists(st.sampled_from([0.2, 0.4, 0.6]), min_size=n_epochs, max_size=n_epochs)
    curves = [data.draw(curve) for _ in range(n_networks)]
    together = list(zip(*stopped(curves, patience), strict=True))
    assert together == [as_told(one, patience) for one in curves]


def test_what_has_stopped_stays_so_however_well_it_does_later() -> None:
    stopping = EarlyStopping(2, patience=1)
    stopping.update(np.array([0.5, 0.5]))
    stopping.update(np.array([0.5, 0.6]))
    assert stopping.running.tolist() == [False, True]
    assert stopping.update(np.array([0.9, 0.7])).tolist() == [False, True]
    assert stopping.epochs.tolist() == [2, 3]


def test_an_accuracy_that_is_no_number_is_never_the_best() -> None:
    stopping = EarlyStopping(1, patience=2)
    assert not stopping.update(np.array([np.nan])).any()
    assert stopping.update(np.array([0.0])).all()
