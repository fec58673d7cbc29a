"""EfficientNet-Lite in Keras 3, which has none of its own.

The published network: EfficientNet without squeeze-and-excitation, with ReLU6 for swish, and
with stem and head that do not grow with the variant. Layers carry the names Keras gives
EfficientNet's (``block3b_expand_conv``).
"""

import math
from dataclasses import dataclass
from typing import Any

from metallmix_kedro.support import require

_BATCH_NORM_EPSILON = 1e-3
_BATCH_NORM_MOMENTUM = 0.99
_DROP_CONNECT_RATE = 0.2
_WIDTH_DIVISOR = 8
_STEM_FILTERS = 32
_HEAD_FILTERS = 1280


@dataclass(frozen=True, slots=True)
class LiteVariant:
    """Compound scaling of one variant: ``width`` times the filters, ``depth`` times the blocks."""

    name: str
    width: float
    depth: float


LITE_VARIANTS: dict[str, LiteVariant] = {
    "EfficientNetLite0": LiteVariant("efficientnet_lite0", width=1.0, depth=1.0),
    "EfficientNetLite1": LiteVariant("efficientnet_lite1", width=1.0, depth=1.1),
    "EfficientNetLite2": LiteVariant("efficientnet_lite2", width=1.1, depth=1.2),
}

# Blocks of one resolution, of which only the first strides and changes the number of filters:
# how many, kernel size, stride, expansion, filters.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


@dataclass(frozen=True, slots=True)
class LiteBlock:
    """One inverted residual block, its filters and stride worked out."""

    name: str
    kernel_size: int
    stride: int
    filters_in: int
    expansion: int
    filters_out: int

    @property
    def has_skip(self) -> bool:
        """Whether the block adds its input to its output."""
        return self.stride == 1 and self.filters_in == self.filters_out


def lite_blocks(variant: LiteVariant) -> list[LiteBlock]:
    """List the blocks of a variant from input to output."""
    blocks: list[LiteBlock] = []
    filters_in = _STEM_FILTERS
    for number, (repeats, kernel_size, stride, expansion, filters) in enumerate(_STAGES):
        is_fixed = number in (0, len(_STAGES) - 1)
        filters_out = _scaled_filters(filters, variant.width)
        for repeat in range(repeats if is_fixed else math.ceil(variant.depth * repeats)):
            name, step = f"block{number + 1}{'abcdef'[repeat]}", stride if repeat == 0 else 1
            block = LiteBlock(name, kernel_size, step, filters_in, expansion, filters_out)
            blocks.append(block)
            filters_in = filters_out
    return blocks


def _scaled_filters(filters: int, width: float) -> int:
    """Scale to a multiple of 8, never more than a tenth below the exact product."""
    exact = filters * width
    rounded = max(
        _WIDTH_DIVISOR, int(exact + _WIDTH_DIVISOR / 2) // _WIDTH_DIVISOR * _WIDTH_DIVISOR
    )
    return rounded + _WIDTH_DIVISOR if rounded < 0.9 * exact else rounded


def build_efficientnet_lite(variant: LiteVariant, image_size: int) -> Any:
    """Build a variant without classifier, its weights untrained.

    Parameters
    ----------
    variant : LiteVariant
        One of `LITE_VARIANTS`.
    image_size : int
        Side of the square input images in pixels.

    Returns
    -------
    keras.Model
        Functional; input (batch, image_size, image_size, 3), output (batch, h, w, 1280) with
        h = w = image_size / 32, rounded up.

    Raises
    ------
    MissingExtraError
        If Keras is not installed.
    """
    keras = require("keras", "experiments")
    inputs = keras.Input((image_size, image_size, 3))
    x = _convolution(inputs, "stem", _STEM_FILTERS, kernel_size=3, stride=2)
    x = _activation(x, "stem")
    blocks = lite_blocks(variant)
    for position, block in enumerate(blocks):
        x = _inverted_residual(x, block, _DROP_CONNECT_RATE * position / len(blocks))
    x = _convolution(x, "top", _HEAD_FILTERS, kernel_size=1, stride=1)
    x = _activation(x, "top")
    return keras.Model(inputs, x, name=variant.name)


def _inverted_residual(x: Any, block: LiteBlock, drop_rate: float) -> Any:
    """Expand, filter each channel by itself, project; add the input where shapes allow it."""
    layers = require("keras.layers", "experiments")
    inputs = x
    if block.expansion != 1:
        expanded = block.filters_in * block.expansion
        x = _convolution(x, f"{block.name}_expand", expanded, kernel_size=1, stride=1)
        x = _activation(x, f"{block.name}_expand")
    x = layers.DepthwiseConv2D(
        block.kernel_size,
        strides=block.stride,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{block.name}_dwconv",
    )(x)
    x = _batch_norm(x, f"{block.name}_bn")
    x = _activation(x, block.name)
    x = _convolution(x, f"{block.name}_project", block.filters_out, kernel_size=1, stride=1)
    if not block.has_skip:
        return x
    if drop_rate > 0:
        # The same random number for a whole image: stochastic depth, active in training only.
        x = layers.Dropout(drop_rate, noise_shape=(None, 1, 1, 1), name=f"{block.name}_drop")(x)
    return layers.Add(name=f"{block.name}_add")([x, inputs])


def _convolution(x: Any, name: str, filters: int, kernel_size: int, stride: int) -> Any:
    layers = require("keras.layers", "experiments")
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return _batch_norm(x, f"{name}_bn")


def _batch_norm(x: Any, name: str) -> Any:
    layers = require("keras.layers", "experiments")
    return layers.BatchNormalization(
        epsilon=_BATCH_NORM_EPSILON, momentum=_BATCH_NORM_MOMENTUM, name=name
    )(x)


def _activation(x: Any, name: str) -> Any:
    layers = require("keras.layers", "experiments")
    return layers.ReLU(max_value=6, name=f"{name}_activation")(x)
