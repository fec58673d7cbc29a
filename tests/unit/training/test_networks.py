from pathlib import Path

import numpy as np
import pytest

from metallmix_kedro.support.errors import WeightsError
from metallmix_kedro.training import networks
from metallmix_kedro.training.networks import BackboneStore, NetworkStore
from tests.trial_examples import MOBILENET, SIZE


def store() -> BackboneStore:
    pytest.importorskip("keras")
    return BackboneStore({MOBILENET: "random:3"}, seed=1)


def test_a_backbone_is_built_once_for_each_strategy_and_size() -> None:
    made = store()
    cut = made.cut(MOBILENET, "last_10", SIZE)
    assert made.cut(MOBILENET, "last_10", SIZE) is cut
    other = made.cut(MOBILENET, "last_30", SIZE)
    layers = [set(map(id, one.frozen.layers + one.trained.layers)) for one in (cut, other)]
    assert not layers[0] & layers[1]
    assert made.cut(MOBILENET, "last_10", SIZE + 32).frozen.input.shape[1] == SIZE + 32


def test_every_cut_starts_from_the_same_weights() -> None:
    images = np.random.default_rng(0).normal(size=(2, SIZE, SIZE, 3)).astype(np.float32)
    made = store()
    cut = made.cut(MOBILENET, "last_10", SIZE)
    parts = cut.trained(cut.frozen(images, training=False), training=False)
    whole = made.cut(MOBILENET, "full", SIZE).trained(images, training=False)
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_weights_are_identified_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "mobilenet.weights.h5"
    file.write_bytes(b"weights")
    made = BackboneStore({MOBILENET: str(file)}, seed=1)
    found = made.weights_id(MOBILENET)
    assert found.startswith("file:")
    monkeypatch.setattr(networks, "weights_id", lambda *_: pytest.fail("it is known"))
    assert made.weights_id(MOBILENET) == found


def test_weights_that_are_missing_are_an_error() -> None:
    with pytest.raises(WeightsError, match=r"nowhere\.weights\.h5"):
        BackboneStore({MOBILENET: "nowhere.weights.h5"}, seed=1).weights_id(MOBILENET)


def test_the_networks_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_KEPT_NETWORKS", 2)
    made, built = NetworkStore(), []

    def get(key: str) -> object:
        def build() -> object:
            built.append(key)
            return object()

        return made.get(key, build)

    first = get("a")
    get("b")
    assert get("a") is first
    get("c")
    assert get("a") is first
    get("b")
    assert built == ["a", "b", "c", "b"]
