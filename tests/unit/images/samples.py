"""Small datasets drawn on the spot."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from metallmix_kedro.images.parameters import DataIngestionParameters, DatasetEntry


def picture(seed: int, size: tuple[int, int] = (8, 6), mode: str = "RGB") -> Image.Image:
    """A random image; another seed, another image."""
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def save(path: Path, seed: int, size: tuple[int, int] = (8, 6), mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed, size, mode).save(path)
    return path


def make_dataset(root: Path, sizes: dict[str, int], seed: int = 0) -> Path:
    """One sub-folder a class, every image different."""
    for number, (name, size) in enumerate(sizes.items()):
        for k in range(size):
            save(root / name / f"{k:03d}.png", seed + 10_000 * number + k)
    return root


def entry(**values: Any) -> DatasetEntry:
    return DatasetEntry(**{"path": "set", "modality": "natural", **values})


def parameters(root: Path, **values: Any) -> DataIngestionParameters:
    """Parameters of a registry with the one dataset ``set`` at ``root/set``."""
    given = {
        "datasets_root": root,
        "unpacked_root": root / "unpacked",
        "registry": {"set": entry()},
        "use": ("set",),
        **values,
    }
    return DataIngestionParameters(**given)
