import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from metallmix_kedro.backbones import BACKBONES, preprocess_inside
from metallmix_kedro.backbones.preprocessing import preprocess
from metallmix_kedro.support.errors import ParameterError

KERAS_MODULES = {
    "Xception": "xception",
    "EfficientNetB5": "efficientnet",
    "ResNet50": "resnet50",
    "InceptionV3": "inception_v3",
    "NASNetMobile": "nasnet",
    "DenseNet121": "densenet",
    "EfficientNetB0": "efficientnet",
    "MobileNetV2_0.35": "mobilenet_v2",
}


@pytest.mark.parametrize(("name", "module"), KERAS_MODULES.items())
def test_equals_what_keras_does(name: str, module: str) -> None:
    keras = pytest.importorskip("keras")
    images = np.random.default_rng(0).uniform(0, 255, (2, 5, 4, 3)).astype("float32")
    expected = getattr(keras.applications, module).preprocess_input(images.copy())
    np.testing.assert_allclose(preprocess(name, images), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in BACKBONES if "Lite" in name])
def test_lite_is_centred_at_127_and_scaled_by_128(name: str) -> None:
    images = np.array([[[0, 127, 255]]])
    np.testing.assert_array_equal(preprocess(name, images), [[[-127 / 128, 0, 1]]])


@given(
    name=st.sampled_from(sorted(BACKBONES)),
    images=hnp.arrays(np.uint8, st.tuples(*[st.integers(1, 3)] * 3, st.just(3))),
)
def test_gives_a_new_array_in_a_network_sized_range(name: str, images: np.ndarray) -> None:
    pixels = images.astype("float32")
    before = pixels.copy()
    found = preprocess(name, pixels)
    np.testing.assert_array_equal(pixels, before)
    np.testing.assert_array_equal(found, preprocess(name, images))
    assert not np.shares_memory(found, pixels)
    assert found.shape == images.shape
    assert found.dtype == np.float32
    limit = {"none": 255, "bgr_centred": 152, "imagenet_statistics": 2.7}
    assert np.abs(found).max() <= limit.get(BACKBONES[name].preprocessing, 1)


def test_an_unknown_backbone_is_an_error() -> None:
    with pytest.raises(ParameterError, match="VGG"):
        preprocess("VGG", np.zeros((1, 1, 3)))


@pytest.mark.parametrize("name", BACKBONES)
def test_inside_a_network_it_is_the_same(name: str) -> None:
    keras = pytest.importorskip("keras")
    images = np.random.default_rng(0).uniform(0, 255, (2, 5, 4, 3)).astype("float32")
    inputs = keras.Input((5, 4, 3))
    inside = keras.Model(inputs, preprocess_inside(name, inputs))
    np.testing.assert_allclose(
        np.asarray(inside(images)), preprocess(name, images), rtol=1e-5, atol=1e-4
    )
