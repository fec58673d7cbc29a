"""Draws ``example_shapes``, the tiny dataset that ships so that there is something to ingest.

Three classes of unequal size, 64 x 64 pixels, PNG. Run it where it lies to draw it again:
``python data/01_raw/make_example_shapes.py``.
"""

import math
import random
from pathlib import Path

from PIL import Image, ImageDraw

CLASS_SIZES = {"circle": 20, "square": 16, "triangle": 12}
CORNERS = {"circle": 40, "square": 4, "triangle": 3}
SIDE = 64
SCALE = 4
"""Drawn that many times larger and scaled down, for smooth edges."""


def draw_shape(name: str, rng: random.Random) -> Image.Image:
    """Draw a shape of random colour, size, place and rotation on a random background."""
    background = tuple(rng.randrange(160, 256) for _ in range(3))
    colour = tuple(rng.randrange(0, 120) for _ in range(3))
    radius = rng.uniform(12, 24)
    centre = [rng.uniform(radius, SIDE - radius) for _ in range(2)]
    turn = rng.uniform(0, 2 * math.pi)
    corners = CORNERS[name]
    points = [
        (
            SCALE * (centre[0] + radius * math.cos(turn + 2 * math.pi * k / corners)),
            SCALE * (centre[1] + radius * math.sin(turn + 2 * math.pi * k / corners)),
        )
        for k in range(corners)
    ]
    image = Image.new("RGB", (SIDE * SCALE, SIDE * SCALE), background)
    ImageDraw.Draw(image).polygon(points, fill=colour)
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def draw_dataset(folder: Path, seed: int = 0) -> None:
    """Draw the whole dataset into a folder, one sub-folder a class."""
    rng = random.Random(seed)  # noqa: S311 - drawing, not cryptography
    for name, size in CLASS_SIZES.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(size):
            image = draw_shape(name, rng)
            image.save(folder / name / f"{name}_{number:02d}.png", optimize=True)


if __name__ == "__main__":
    draw_dataset(Path(__file__).parent / "example_shapes")
