"""The backbones one can choose among, as published facts (paper, section 2.1, Table 1).

Importing this module imports no training library: the surrogate and the recommendation read
the facts of a backbone without ever building it. The facts themselves stand in ``registry.toml``.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
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


_DECLARED = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))

BACKBONES: MappingProxyType[str, Backbone] = MappingProxyType(
    {name: Backbone(name=name, **facts) for name, facts in _DECLARED.items()}
)
"""All registered backbones by name."""


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
