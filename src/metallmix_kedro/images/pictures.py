"""A picture of a dataset: how many images its classes have, and what they look like."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.images.manifest import INCLUDED
from metallmix_kedro.images.opening import open_image
from metallmix_kedro.support import Figure, new_figure

MAX_CLASSES = 30
"""Classes shown at most, the largest first; more would be too small to see."""

_SAMPLE_SIDE = 128
_COLUMNS = 5


def draw_dataset(name: str, manifest: pd.DataFrame, root: Path) -> Figure:
    """Draw a dataset's class counts beside a sample image of each class.

    Parameters
    ----------
    name : str
        Name of the dataset, for the title.
    manifest : pandas.DataFrame
        Its manifest.
    root : Path
        The folder that the manifest's paths are relative to.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    used = manifest[manifest["status"] == INCLUDED]
    counts = used["class_name"].value_counts().sort_values(ascending=False, kind="stable")
    shown = counts.head(MAX_CLASSES)
    samples = used.drop_duplicates("class_name").set_index("class_name")["path"]
    height = max(3.0, 0.3 * len(shown), 2.0 * math.ceil(len(shown) / _COLUMNS))
    figure = new_figure(12, height)
    ((left, right),) = figure.subfigures(1, 2, squeeze=False, width_ratios=(2, 3))
    _draw_counts(left, shown)
    _draw_samples(right, {label: root / samples[label] for label in shown.index})
    more = (
        f" (the {len(shown)} largest of {len(counts)} classes)" if len(counts) > len(shown) else ""
    )
    figure.suptitle(f"{name}: {len(used):,} images, {len(counts)} classes{more}")
    return figure


def _draw_counts(part: Any, counts: pd.Series) -> None:
    axes = part.subplots()
    bars = axes.barh([str(label) for label in counts.index], counts.to_numpy())
    axes.bar_label(bars, padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel("images")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_samples(part: Any, samples: dict[str, Path]) -> None:
    rows = math.ceil(len(samples) / _COLUMNS)
    grid = part.subplots(rows, min(_COLUMNS, len(samples)), squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (label, path) in zip(grid.flat, samples.items(), strict=False):
        with open_image(path) as image:
            sample = image.convert("RGB")
        sample.thumbnail((_SAMPLE_SIDE, _SAMPLE_SIDE))
        axes.imshow(np.asarray(sample))
        axes.set_title(label, fontsize="small")
