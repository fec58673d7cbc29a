"""Networks as Keras saves them, loaded by Keras alone."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from metallmix_kedro.support import require
from metallmix_kedro.training import save_model


class KerasModelDataset(AbstractDataset[Any, Any]):
    """A ``.keras`` file that is there whole or not at all.

    Parameters
    ----------
    filepath : str
        Where it lies.
    metadata : dict, optional
        For kedro-viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> Any:
        """Load the network."""
        return require("keras.saving", "experiments").load_model(self._path, compile=False)

    def save(self, data: Any) -> None:
        """Save the network."""
        save_model(data, self._path)

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
