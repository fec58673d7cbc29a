"""Networks that are built and traced once and serve many trials."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from metallmix_kedro.backbones import build_backbone, weights_id
from metallmix_kedro.support import require
from metallmix_kedro.training.network import CutBackbone, cut_backbone

_KEPT_NETWORKS = 24
"""Networks kept ready. One configuration meets dataset after dataset; those with equally many
classes share its network, and there are rarely more than eight numbers of classes, times up to
three numbers of heads."""


class BackboneStore:
    """Backbones cut for training, each built once in a process.

    Parameters
    ----------
    weights : dict
        Local weights files by backbone, in place of the backbones' own sources.
    seed : int
        Seed of what a backbone itself draws at random (EfficientNet drops connections).
    """

    def __init__(self, weights: dict[str, str], seed: int) -> None:
        self._weights = weights
        self._seed = seed
        self._cuts: dict[tuple[str, str, int], CutBackbone] = {}
        self._weights_ids: dict[str, str] = {}

    def weights_id(self, backbone: str) -> str:
        """Identity of the weights that a backbone starts from (files are hashed once)."""
        if backbone not in self._weights_ids:
            self._weights_ids[backbone] = weights_id(backbone, self._weights.get(backbone))
        return self._weights_ids[backbone]

    def cut(self, backbone: str, strategy: str, image_size: int) -> CutBackbone:
        """Return the backbone cut for a strategy, at its pretrained weights.

        Raises
        ------
        WeightsError
            If the weights are missing or do not fit.
        """
        key = (backbone, strategy, image_size)
        if key not in self._cuts:
            # Each strategy has a network of its own: layers of one cut are trainable, of another
            # frozen, and that is a property of the layer.
            require("keras", "experiments").utils.set_random_seed(self._seed)
            network = build_backbone(backbone, image_size, self._weights.get(backbone))
            self._cuts[key] = cut_backbone(network, strategy)
        return self._cuts[key]


class NetworkStore:
    """The networks used last; tracing one costs as much as a small trial."""

    def __init__(self) -> None:
        self._networks: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, build: Callable[[], Any]) -> Any:
        """Return the network named `key`, built if it is not among those used last."""
        if key in self._networks:
            self._networks.move_to_end(key)
        else:
            self._networks[key] = build()
            if len(self._networks) > _KEPT_NETWORKS:
                self._networks.popitem(last=False)
        return self._networks[key]
