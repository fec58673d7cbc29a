from inspect import signature
from pathlib import Path

from kedro.io import DataCatalog

from metallmix_kedro.datasets.plotly_figure import PlotlyFigureDataset


def test_a_figure_is_previewed_as_it_was_saved(tmp_path: Path) -> None:
    figure = {"data": [{"type": "scatter", "x": [1.5]}], "layout": {}}
    dataset = PlotlyFigureDataset(filepath=str(tmp_path / "figure.json"))
    dataset.save(figure)
    assert dataset.load() == dataset.preview() == figure
    # The name is what kedro-viz goes by.
    assert signature(dataset.preview).return_annotation.__name__ == "PlotlyPreview"


def test_its_entry_can_be_read_back(tmp_path: Path) -> None:
    entry = {
        "type": "metallmix_kedro.datasets.plotly_figure.PlotlyFigureDataset",
        "filepath": str(tmp_path / "figure.json"),
        "save_args": {"sort_keys": True},
    }
    config = DataCatalog.from_config({"figure": entry}).to_config()[0]["figure"]
    assert config["filepath"] == entry["filepath"]
    assert config["save_args"] == entry["save_args"]
