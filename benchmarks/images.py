"""Meta-features of a folder and ingestion, against the barest loop over the same files.

Goals: meta-features at most 2 times ``PIL.Image.open(path).size`` over all files; ingestion at
most 2 times reading, hashing and decoding each file once. Both sides run in turn, on files that
the operating system has cached.

    python -m benchmarks.images
    python -m benchmarks.images --images 6000 --repeats 5
"""

import argparse
import hashlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

import benchmarks.declared_space  # noqa: F401 (the meta-features of conf/base)
from metallmix_kedro.images.manifest import build_manifest
from metallmix_kedro.images.parameters import DataIngestionParameters, DatasetEntry
from metallmix_kedro.meta_features.parameters import TargetParameters
from metallmix_kedro.meta_features.target import describe_target

N_CLASSES = 6


def make_images(folder: Path, n_images: int, seed: int) -> list[Path]:
    """Cut JPEGs of 100 to 500 pixels a side out of one large random picture."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (150, 150, 3), dtype=np.uint8)
    large = Image.fromarray(noise).resize((1200, 1200), Image.Resampling.BICUBIC)
    paths = []
    for number in track(range(n_images), description="Drawing"):
        width, height = (int(side) for side in rng.integers(100, 500, 2))
        left, top = (int(corner) for corner in rng.integers(0, 700, 2))
        path = folder / f"class_{number % N_CLASSES}" / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        large.crop((left, top, left + width, top + height)).save(path, quality=85)
        paths.append(path)
    return paths


def read_headers(paths: list[Path]) -> None:
    """Open every file and ask its size: the bare loop."""
    for path in paths:
        Image.open(path).size  # noqa: B018


def read_hash_decode(paths: list[Path]) -> None:
    """Read, hash and decode every file once, one after another."""
    for path in paths:
        data = path.read_bytes()
        hashlib.sha256(data).hexdigest()
        Image.open(io.BytesIO(data)).load()


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Time one call: wall time, and processor time, which other programs disturb less."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def compare(ours: Callable[[], object], bare: Callable[[], object], repeats: int) -> list[str]:
    """Time both sides in turn; return the medians, and the ratios with their spread."""
    ours(), bare()
    pairs = [(seconds(ours), seconds(bare)) for _ in range(repeats)]
    return [
        f"{statistics.median(our[0] for our, _ in pairs):.2f}",
        f"{statistics.median(other[0] for _, other in pairs):.2f}",
        *(spread([our[clock] / other[clock] for our, other in pairs]) for clock in (0, 1)),
    ]


def spread(ratios: list[float]) -> str:
    """Write the median of the ratios with the smallest and the largest."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main() -> None:
    """Draw the images, time both comparisons, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = make_images(folder, arguments.images, arguments.seed)
        target = TargetParameters(path=name)
        entry = DatasetEntry(path=name, modality="drawing")
        ingestion = DataIngestionParameters(
            datasets_root=folder, unpacked_root=folder, registry={"drawn": entry}, use=("drawn",)
        )
        table = Table("", "ours (s)", "bare loop (s)", "ratio", "ratio of processor time", "goal")
        table.add_row(
            "meta-features of a folder",
            *compare(
                lambda: describe_target(target), lambda: read_headers(paths), arguments.repeats
            ),
            "at most 2",
        )
        table.add_row(
            "ingestion",
            *compare(
                lambda: build_manifest(folder, entry, ingestion),
                lambda: read_hash_decode(paths),
                arguments.repeats,
            ),
            "at most 2",
        )
        Console().print(table)


if __name__ == "__main__":
    main()
