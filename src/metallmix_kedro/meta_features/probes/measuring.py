"""Probing the images of a dataset with frozen backbones."""

import hashlib
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image
from rich.console import Console
from rich.progress import track

from metallmix_kedro.backbones import get_backbone, preprocess
from metallmix_kedro.images import open_image, read_size
from metallmix_kedro.meta_features.probes import statistics
from metallmix_kedro.meta_features.probes.columns import PROBE_STATISTICS, as_table, no_probes
from metallmix_kedro.meta_features.probes.parameters import ProbeLevel, ProbeParameters
from metallmix_kedro.meta_features.probes.traits import image_traits
from metallmix_kedro.support import InputError, require
from metallmix_kedro.training import IMAGES_AT_ONCE, BackboneStore, draw_subset, load_pixels

_LEAST_IMAGES = 2
"""Images a class needs: one to learn from and one to be asked about."""


@dataclass(frozen=True)
class ProbedImages:
    """Images with their classes.

    Parameters
    ----------
    name : str
        The dataset's name.
    data_hash : str or None
        Identity of images and labels; None where it is not known.
    root : pathlib.Path
        Folder that the paths are relative to.
    images : pandas.DataFrame
        Columns ``path``, ``class_name``, ``fold`` and ``status``, as in a manifest, and
        ``content_hash`` where the images have been ingested.
    """

    name: str
    data_hash: str | None
    root: Path
    images: pd.DataFrame


def chosen_backbones(level: ProbeLevel, backbones: Iterable[str]) -> tuple[str, ...]:
    """Return none of the backbones, the one with the fewest parameters, or all."""
    names = tuple(backbones)
    if level == "none" or not names:
        return ()
    if level == "all":
        return names
    return (min(names, key=lambda name: (get_backbone(name).parameters, name)),)


def probe_images(
    target: ProbedImages,
    backbones: Iterable[str],
    store: BackboneStore,
    parameters: ProbeParameters,
) -> pd.DataFrame:
    """Probe a sample of images with some backbones.

    Parameters
    ----------
    target : ProbedImages
        What to probe.
    backbones : iterable of str
        Names of registered backbones.
    store : BackboneStore
        Gives them with their weights.
    parameters : ProbeParameters
        Sample, image size and folds.

    Returns
    -------
    pandas.DataFrame
        A row a backbone, columns `PROBE_COLUMNS`. Classes with a single image in the sample are
        left out; with fewer than two classes left, all that needs classes or a backbone is
        missing. Files that were not ingested before and cannot be decoded are left out.

    Raises
    ------
    InputError
        If an image has changed since it was ingested, or none can be decoded.
    WeightsError
        If weights are missing.
    """
    names = tuple(backbones)
    if not names:
        return no_probes()
    sample = _sample(target, parameters)
    if sample.empty:
        raise InputError(f"None of the images drawn from '{target.name}' can be decoded.")
    pixels = load_pixels(
        target.root,
        list(zip(sample["path"], sample["content_hash"], strict=True)),
        parameters.image_size,
    )
    labels = np.asarray(sample["class_name"].astype("category").cat.codes, dtype=np.int64)
    colour = statistics.colourfulness(pixels)
    traits = image_traits(pixels, _sizes(target.root, sample["path"]))
    rows = []
    for name in names:
        features, seconds = _forward(name, pixels, store)
        row: dict[str, Any] = {
            "dataset": target.name,
            "data_hash": target.data_hash,
            "backbone": name,
            "weights_id": store.weights_id(name),
            "image_size": float(parameters.image_size),
            "n_images": float(len(labels)),
            **_statistics(features, labels, parameters),
            "colourfulness": colour,
            **traits,
            "seconds": seconds,
        }
        rows.append(row)
    return as_table(rows)


def probe_datasets(
    datasets: Iterable[ProbedImages],
    backbones: Iterable[str],
    store: BackboneStore,
    parameters: ProbeParameters,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Probe datasets; those of the same name take the place of earlier rows.

    Parameters
    ----------
    datasets : iterable of ProbedImages
    backbones : iterable of str
        Names of registered backbones.
    store : BackboneStore
    parameters : ProbeParameters
    previous : pandas.DataFrame
        What was probed before, columns `PROBE_COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        Columns `PROBE_COLUMNS`, sorted by dataset and backbone.
    """
    names = tuple(backbones)
    wanted = list(datasets) if names else []
    shown = track(
        wanted, "Probing", console=Console(stderr=True), transient=True, disable=len(wanted) < 2
    )
    fresh = [probe_images(images, names, store, parameters) for images in shown]
    keys = ["dataset", "backbone"]
    joined = pd.concat([as_table(previous), *fresh], ignore_index=True)
    return joined.drop_duplicates(keys, keep="last").sort_values(keys, ignore_index=True)


def _sample(target: ProbedImages, parameters: ProbeParameters) -> pd.DataFrame:
    sample = draw_subset(target.images, parameters.n_images, parameters.seed)
    if "content_hash" in sample:
        return sample
    # These images are read for the first time: what they are now is what they shall be.
    hashes = sample["path"].map(lambda path: _hash_of_image(target.root / path))
    return sample.assign(content_hash=hashes).dropna(subset="content_hash")


def _sizes(root: Path, paths: Iterable[str]) -> list[tuple[int, int]]:
    """Read the widths and heights of images, all of which can be decoded."""
    found = (read_size(str(root / path), sys.maxsize) for path in paths)
    return [size for size in found if isinstance(size, tuple)]


def _hash_of_image(path: Path) -> str | None:
    """Hash a file; None if it is no image that can be decoded."""
    try:
        data = path.read_bytes()
        with open_image(data) as opened:
            opened.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return hashlib.sha256(data).hexdigest()


def _forward(
    name: str, pixels: npt.NDArray[np.uint8], store: BackboneStore
) -> tuple[npt.NDArray[np.float32], float]:
    """Return the pooled features, and the seconds they take once the network was traced.

    Seconds as if all batches were as fast as the fastest, on a CPU by the clock or the processor,
    whichever is less: other work on the machine only slows.
    """
    frozen = store.cut(name, "feature_extraction", pixels.shape[1]).frozen

    def features_of(part: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        return np.asarray(frozen.predict_on_batch(preprocess(name, part)), dtype=np.float32)

    # Parts of one length, the last one filled up, so that there is one trace.
    count = len(pixels)
    parts = np.resize(np.arange(count), (-(-count // IMAGES_AT_ONCE), IMAGES_AT_ONCE))
    features_of(pixels[parts[0]])
    features, seconds = [], []
    for part in parts:
        wall, processor = time.perf_counter(), time.process_time()
        features.append(features_of(pixels[part]))
        seconds.append(time.perf_counter() - wall)
        if _on_cpu():
            seconds.append(time.process_time() - processor)
    return np.concatenate(features)[:count], min(seconds) * count / IMAGES_AT_ONCE


def _on_cpu() -> bool:
    """Whether networks run on a CPU: an accelerator's work takes no processor time."""
    keras = sys.modules.get("keras")
    devices = keras.distribution.list_devices() if keras else []
    return all(device.lower().startswith("cpu") for device in devices)


def _statistics(
    features: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], parameters: ProbeParameters
) -> dict[str, float]:
    counts = np.bincount(labels)
    known = counts[labels] >= _LEAST_IMAGES
    if len(np.unique(labels[known])) < 2:
        return dict.fromkeys(PROBE_STATISTICS, float("nan"))
    features, kept = features[known], labels[known]
    classes = np.unique(kept, return_inverse=True)[1].astype(np.int64)
    # On one thread, sums come out the same everywhere and busy cores are not fought over.
    with require("threadpoolctl", "learn").threadpool_limits(limits=1):
        probabilities = statistics.linear_probe(
            features, classes, parameters.n_folds, parameters.seed
        )
        return {
            "linear_probe_accuracy": statistics.accuracy(probabilities, classes),
            "linear_probe_nll": statistics.negative_log_likelihood(probabilities, classes),
            "linear_probe_ece": statistics.calibration_error(probabilities, classes),
            "knn_error": statistics.nearest_neighbour_error(features, classes),
            "intrinsic_dimension": statistics.intrinsic_dimension(features),
            "logme": statistics.log_evidence(features, classes),
        }
