"""Plotly figures as the JSON they are: Kedro's own dataset imports Plotly to save one."""

from typing import Any

from kedro.io.core import Version
from kedro_datasets._typing import PlotlyPreview
from kedro_datasets.json import JSONDataset


class PlotlyFigureDataset(JSONDataset):
    """A figure as a dictionary of ``data`` and ``layout``, which kedro-viz draws.

    Parameters
    ----------
    filepath, save_args, version, metadata
        Those of ``json.JSONDataset``.
    """

    # Named one by one: Kedro reads the entry back from what stands here, a replay needs that.
    def __init__(
        self,
        *,
        filepath: str,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(filepath=filepath, save_args=save_args, version=version, metadata=metadata)

    def preview(self) -> PlotlyPreview:
        """Return the figure; kedro-viz knows by the type what it is."""
        return PlotlyPreview(self.load())
