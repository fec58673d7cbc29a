"""Published weights see what they were trained to see, on photographs of cats and dogs.

A wrong padding, batch-norm epsilon or input scale changes no shape and raises no error; it only
makes a network see worse.
"""

import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from metallmix_kedro.backbones import get_backbone
from metallmix_kedro.backbones.build import build_backbone, preprocess
from metallmix_kedro.backbones.torch_file import read_torch_file
from metallmix_kedro.backbones.weights import resolve_weights
from metallmix_kedro.support.errors import WeightsError

pytest.importorskip("keras")

SHARED = Path(__file__).parents[3] / "shared"
ARCHIVE = SHARED / "datasets" / "cats_dogs.tar.gz"
N_PER_CLASS = 50
PROBE_IMAGE_SIZE = 160
DOG_CLASSES = range(151, 269)
"""ImageNet's numbers for the 118 breeds of dogs."""
LOCAL_WEIGHTS = {
    "Xception": "xception_notop.weights.h5",
    "MobileNetV2_0.35": "mobilenet_v2_0.35_notop.weights.h5",
    "MobileNetV2": "mobilenet_v2_1.0_notop.weights.h5",
}


@pytest.fixture(scope="module")
def photographs() -> dict[str, list[Image.Image]]:
    """`N_PER_CLASS` cats and as many dogs."""
    if not ARCHIVE.is_file():
        pytest.skip(f"{ARCHIVE.name} is not beside the repository")
    found: dict[str, list[Image.Image]] = {"cats": [], "dogs": []}
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            images = found.get(Path(member.name).parent.name, [])
            file = archive.extractfile(member) if len(images) < N_PER_CLASS else None
            if file is not None:
                images.append(Image.open(io.BytesIO(file.read())).convert("RGB"))
    return found


def pooled_features(model: Any, name: str, images: list[Image.Image]) -> np.ndarray:
    size = model.input.shape[1]
    scaled = [image.resize((size, size), Image.Resampling.BICUBIC) for image in images]
    pixels = preprocess(name, np.stack([np.asarray(image) for image in scaled]))
    return model.predict(pixels, batch_size=25, verbose=0).mean(axis=(1, 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least_share"),
    [("EfficientNetLite0", 0.85), ("EfficientNetLite1", 0.88), ("EfficientNetLite2", 0.88)],
)
def test_lite_recognises_dogs_as_dogs(
    photographs: dict[str, list[Image.Image]], name: str, least_share: float
) -> None:
    """The package's own classifier, put on our features, names a breed of dogs."""
    backbone = get_backbone(name)
    try:
        source = resolve_weights(backbone, None)
    except WeightsError as error:
        pytest.skip(str(error))
    assert source.file is not None
    classifier = read_torch_file(source.file)
    model = build_backbone(name, backbone.default_image_size)
    features = pooled_features(model, name, photographs["dogs"])
    logits = features @ classifier["_fc.weight"].T + classifier["_fc.bias"]
    assert np.isin(logits.argmax(axis=1), DOG_CLASSES).mean() >= least_share


def separability(
    name: str, weights: str | Path, photographs: dict[str, list[Image.Image]]
) -> float:
    """Cross-validated accuracy of a linear classifier of cats and dogs on pooled features."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    model_selection = pytest.importorskip("sklearn.model_selection")
    pipeline = pytest.importorskip("sklearn.pipeline")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    model = build_backbone(name, PROBE_IMAGE_SIZE, weights)
    features = pooled_features(model, name, photographs["cats"] + photographs["dogs"])
    # Far more features than images: a strong penalty.
    probe = pipeline.make_pipeline(
        preprocessing.StandardScaler(), linear_model.LogisticRegression(C=0.001, max_iter=1000)
    )
    labels = np.repeat([0, 1], N_PER_CLASS)
    return float(model_selection.cross_val_score(probe, features, labels, cv=5).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"), [("Xception", 0.9), ("MobileNetV2_0.35", 0.8), ("MobileNetV2", 0.85)]
)
def test_pretrained_features_separate_cats_from_dogs_and_untrained_do_not(
    photographs: dict[str, list[Image.Image]], name: str, least: float
) -> None:
    weights = SHARED / "weights" / LOCAL_WEIGHTS[name]
    if not weights.is_file():
        pytest.skip(f"{weights.name} is not beside the repository")
    trained = separability(name, weights, photographs)
    untrained = separability(name, "random:0", photographs)
    assert trained >= least
    assert untrained <= 0.7
