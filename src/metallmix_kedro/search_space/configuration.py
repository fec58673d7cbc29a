"""One configuration: a backbone, how much of it is trained, its head and its training."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Configuration:
    """One point of the search space (paper, Table 1).

    Parameters
    ----------
    backbone : str
        Name of the pretrained network in the backbone registry, for example ``"ResNet50"``.
    strategy : str
        How much of the backbone is trained: ``"feature_extraction"``, ``"last_10"``,
        ``"last_30"`` (that many layers, counted from the output) or ``"full"``.
    dense_units : int
        Width of the head's dense layer.
    dropout : float
        Share of the dense layer's outputs dropped in training, in [0, 1).
    optimizer : str
        ``"adam"``, ``"sgd"`` or ``"rmsprop"``.
    learning_rate : float
        Step size of the optimizer, above 0.
    batch_size : int
        Images a training step.
    """

    backbone: str
    strategy: str
    dense_units: int
    dropout: float
    optimizer: str
    learning_rate: float
    batch_size: int

    @property
    def id(self) -> str:
        """Readable, unique name, for example ``Xception-last_10-d512-p0.3-adam-lr1e-04-b32``."""
        return (
            f"{self.backbone}-{self.strategy}-d{self.dense_units}-p{self.dropout:g}"
            f"-{self.optimizer}-lr{self.learning_rate:.0e}-b{self.batch_size}"
        )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "Configuration":
        """Take a configuration's seven values out of a row, a reply or a search's proposal.

        Parameters
        ----------
        values : mapping
            Holds at least the seven keys; others are ignored. NumPy scalars become Python's,
            because Keras and JSON accept no others.

        Raises
        ------
        KeyError
            If one of the seven keys is missing.
        """
        return cls(
            backbone=str(values["backbone"]),
            strategy=str(values["strategy"]),
            dense_units=int(values["dense_units"]),
            dropout=float(values["dropout"]),
            optimizer=str(values["optimizer"]),
            learning_rate=float(values["learning_rate"]),
            batch_size=int(values["batch_size"]),
        )

    def as_dict(self) -> dict[str, str | int | float]:
        """Return the seven values by name, in the order of the paper's Table 1."""
        return {name: getattr(self, name) for name in CONFIGURATION_COLUMNS}


CONFIGURATION_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Configuration))
"""The seven names, in the order of the paper's Table 1."""
