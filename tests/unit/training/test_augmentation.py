from typing import Any

import numpy as np
import pytest

from metallmix_kedro.training.augmentation import AUGMENTATIONS, augmented

keras = pytest.importorskip("keras")

SIDE = 16


def images() -> np.ndarray:
    """Each a slope of its own, so that every change shows."""
    rng = np.random.default_rng(0)
    return rng.normal(100, 40, (6, SIDE, SIDE, 3)).astype(np.float32)


def model(augmentation: str, seed: int = 1) -> Any:
    inputs = keras.Input((SIDE, SIDE, 3))
    return keras.Model(inputs, augmented(inputs, augmentation, seed))


def changed(augmentation: str, given: np.ndarray, seed: int = 1) -> np.ndarray:
    return np.asarray(model(augmentation, seed)(given, training=True))


def test_nothing_is_put_on_images_that_stay() -> None:
    inputs = keras.Input((SIDE, SIDE, 3))
    assert augmented(inputs, "none", 0) is inputs


@pytest.mark.parametrize("augmentation", AUGMENTATIONS[1:])
def test_images_change_in_training_only_and_anew_each_time(augmentation: str) -> None:
    one, given = model(augmentation), images()
    np.testing.assert_array_equal(np.asarray(one(given, training=False)), given)
    first, second = (np.asarray(one(given, training=True)) for _ in range(2))
    assert np.isfinite(first).all()
    assert not np.allclose(first, given)
    assert not np.allclose(first, second)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS[1:])
def test_the_seed_decides(augmentation: str) -> None:
    given = images()
    np.testing.assert_array_equal(changed(augmentation, given), changed(augmentation, given))
    assert not np.allclose(changed(augmentation, given), changed(augmentation, given, seed=2))


@pytest.mark.parametrize("augmentation", AUGMENTATIONS[1:])
@pytest.mark.parametrize("scaling", [(1 / 128, -127 / 128), (0.017, -2.1), (1.0, -103.9)])
def test_it_does_not_matter_whether_preprocessing_goes_before(
    augmentation: str, scaling: tuple[float, float]
) -> None:
    factor, shift = scaling
    before = changed(augmentation, images() * factor + shift)
    after = changed(augmentation, images()) * factor + shift
    np.testing.assert_allclose(before, after, atol=1e-4 * max(1, abs(shift)))


def test_strong_changes_more_than_light() -> None:
    smooth = np.tile(np.linspace(0, 255, SIDE, dtype=np.float32)[:, None, None], (64, 1, SIDE, 3))

    def levels(augmentation: str) -> float:
        return float(changed(augmentation, smooth).std(axis=(1, 2, 3)).std())

    # Flips and shifts keep the contrast of an image nearly as it is.
    assert levels("strong") > 2 * levels("light")
