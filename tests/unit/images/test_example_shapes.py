"""The example that ships is what its script draws."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RAW = Path(__file__).parents[3] / "data" / "01_raw"


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    runpy.run_path(str(RAW / "make_example_shapes.py"))["draw_dataset"](tmp_path)
    return tmp_path


def pictures_in(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.png"))}


def test_shipped_images_are_the_drawn_ones(drawn: Path):
    shipped, fresh = pictures_in(RAW / "example_shapes"), pictures_in(drawn)
    assert list(shipped) == list(fresh)
    for name, path in shipped.items():
        difference = np.subtract(Image.open(path), Image.open(fresh[name]), dtype=float)
        assert np.abs(difference).mean() < 1, name


def test_it_stays_small():
    assert sum(path.stat().st_size for path in pictures_in(RAW / "example_shapes").values()) < 150e3
