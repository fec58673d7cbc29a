"""EfficientNet-Lite's published weights, from torch's names and axes to Keras' layers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from metallmix_kedro.backbones.efficientnet_lite import LiteBlock, LiteVariant, lite_blocks
from metallmix_kedro.backbones.torch_file import read_torch_file
from metallmix_kedro.support import WeightsError

_CLASSIFIER = "_fc"
_BATCH_NORM_PARTS = ("weight", "bias", "running_mean", "running_var")
# torch's (out, in, height, width); depthwise kernels come as (channels, 1, height, width)
_CONVOLUTION_AXES = (2, 3, 1, 0)
_DEPTHWISE_AXES = (2, 3, 0, 1)


def load_lite_weights(variant: LiteVariant, model: Any, file: Path) -> None:
    """Put the weights of a torch file into a model of `build_efficientnet_lite`.

    Raises
    ------
    WeightsError
        If the file is damaged, or a tensor is missing, left over, or of another shape.
    """
    unused = read_torch_file(file)
    for layer_name, names, axes in _correspondence(variant):
        try:
            values = [unused.pop(name) for name in names]
            layer = model.get_layer(layer_name)
            layer.set_weights([value.transpose(axes) if axes else value for value in values])
        except (KeyError, ValueError) as error:  # Keras takes no other shapes than a layer's own
            raise WeightsError(
                f"The weights file {file} is not of {variant.name}: layer {layer_name} cannot be "
                f"made of its tensors {', '.join(names)} ({error})."
            ) from error
    left_over = sorted(
        name
        for name in unused
        if not name.startswith(f"{_CLASSIFIER}.") and not name.endswith(".num_batches_tracked")
    )
    if left_over:
        raise WeightsError(
            f"The weights file {file} is not of {variant.name}: nothing there corresponds to "
            f"{left_over[0]} and {len(left_over) - 1} more tensors."
        )


def _correspondence(
    variant: LiteVariant,
) -> Iterator[tuple[str, list[str], tuple[int, ...]]]:
    """Yield for every layer with weights its name, torch's names for them, and their axes."""
    yield from _convolution("stem", "_conv_stem", "_bn0")
    for position, block in enumerate(lite_blocks(variant)):
        yield from _block(block, f"_blocks.{position}.")
    yield from _convolution("top", "_conv_head", "_bn1")


def _block(block: LiteBlock, prefix: str) -> Iterator[tuple[str, list[str], tuple[int, ...]]]:
    if block.expansion != 1:
        yield from _convolution(f"{block.name}_expand", f"{prefix}_expand_conv", f"{prefix}_bn0")
    yield f"{block.name}_dwconv", [f"{prefix}_depthwise_conv.weight"], _DEPTHWISE_AXES
    yield _batch_norm(f"{block.name}_bn", f"{prefix}_bn1")
    yield from _convolution(f"{block.name}_project", f"{prefix}_project_conv", f"{prefix}_bn2")


def _convolution(
    layer: str, convolution: str, batch_norm: str
) -> Iterator[tuple[str, list[str], tuple[int, ...]]]:
    yield f"{layer}_conv", [f"{convolution}.weight"], _CONVOLUTION_AXES
    yield _batch_norm(f"{layer}_bn", batch_norm)


def _batch_norm(layer: str, name: str) -> tuple[str, list[str], tuple[int, ...]]:
    return layer, [f"{name}.{part}" for part in _BATCH_NORM_PARTS], ()
