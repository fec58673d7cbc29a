"""Pictures that the extra ``learn`` draws, in a catalog that can be read without it."""

import base64
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import ImagePreview

from metallmix_kedro.support import require


class PictureDataset(AbstractDataset[Any, NoReturn]):
    """Kedro's dataset of matplotlib, imported when a picture is saved.

    Kedro's own is imported as soon as the catalog is, so that without matplotlib no command could
    list the catalog.

    Parameters
    ----------
    filepath : str
        Local path of the picture, or of a folder of them.
    metadata : dict, optional
        For kedro-viz.
    **arguments
        Others of Kedro's dataset.
    """

    def __init__(
        self, *, filepath: str, metadata: dict[str, Any] | None = None, **arguments: Any
    ) -> None:
        self._filepath = Path(filepath)
        self._arguments = arguments
        self.metadata = metadata

    @cached_property
    def _drawn(self) -> Any:
        require("matplotlib", "learn")
        from kedro_datasets.matplotlib import MatplotlibDataset

        return MatplotlibDataset(filepath=self._filepath.as_posix(), **self._arguments)

    def save(self, data: Any) -> None:
        """Save a figure, or several by name."""
        self._drawn.save(data)

    def load(self) -> NoReturn:
        """Pictures are looked at, not loaded."""
        raise DatasetError(f"{self._filepath} is a picture; open it instead.")

    def preview(self) -> ImagePreview:
        """Return the picture as kedro-viz shows it."""
        return ImagePreview(base64.b64encode(self._filepath.read_bytes()).decode())

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), **self._arguments}
