"""With published weights, too, training on cached features is training the network on images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metallmix_kedro.backbones import get_backbone
from metallmix_kedro.backbones.build import build_backbone, preprocess
from metallmix_kedro.backbones.weights import resolve_weights
from metallmix_kedro.support.errors import WeightsError
from metallmix_kedro.training.network import cut_backbone
from tests.trial_examples import configuration, splits
from tests.whole_network import assert_cached_is_whole, double_precision

keras = pytest.importorskip("keras")

WEIGHTS = Path(__file__).parents[3] / "shared" / "weights"
LOCAL_WEIGHTS = {
    "Xception": "xception_notop.weights.h5",
    "MobileNetV2_0.35": "mobilenet_v2_0.35_notop.weights.h5",
}
# One of each family: its others have more of the same layers, and each takes long.
CASES = (
    *(("MobileNetV2_0.35", strategy) for strategy in ("feature_extraction", "last_30")),
    *(("EfficientNetLite0", strategy) for strategy in ("last_10", "last_30")),
    ("Xception", "last_10"),
)
SIZE = 72
N_IMAGES, N_CLASSES = 12, 3


def weights_of(name: str) -> Path | None:
    """The backbone's weights: a file beside the repository, or None for an installed package."""
    if name in LOCAL_WEIGHTS:
        file = WEIGHTS / LOCAL_WEIGHTS[name]
        if not file.is_file():
            pytest.skip(f"{file.name} is not beside the repository")
        return file
    try:
        resolve_weights(get_backbone(name), None)
    except WeightsError as error:
        pytest.skip(str(error))
    return None


def built(name: str, weights: Path | None) -> Any:
    """Build a backbone; EfficientNet itself drops connections, each time the same ones."""
    keras.utils.set_random_seed(0)
    return build_backbone(name, SIZE, weights)


def squares() -> tuple[np.ndarray, np.ndarray]:
    """Noise with a square whose colour is the class: images with values 0 to 255, and labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(N_IMAGES) // 3 % N_CLASSES
    images = rng.uniform(0, 160, (N_IMAGES, SIZE, SIZE, 3))
    for image, label in zip(images, labels, strict=True):
        image[20:70, 30:80, label] += 90
    return images.astype(np.float32), labels


@pytest.mark.slow
@pytest.mark.parametrize(("name", "strategy"), CASES)
def test_training_on_what_is_cached_equals_training_on_images(name: str, strategy: str) -> None:
    weights = weights_of(name)
    pixels, labels = squares()
    images = np.asarray(preprocess(name, pixels), dtype=np.float64)
    with double_precision():
        assert_cached_is_whole(
            cut_backbone(built(name, weights), strategy),
            built(name, weights),
            configuration(strategy, backbone=name, batch_size=4),
            images,
            labels,
            splits(N_IMAGES, 1),
            n_epochs=2,
        )
