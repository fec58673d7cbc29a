import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from metallmix_kedro.support.errors import InputError
from metallmix_kedro.training.inputs.pixels import load_pixels


def saved(folder: Path, name: str, image: Image.Image) -> tuple[str, str]:
    image.save(folder / name)
    return name, hashlib.sha256((folder / name).read_bytes()).hexdigest()


def test_images_of_all_modes_become_rgb_squares_in_order(tmp_path: Path) -> None:
    images = [
        saved(tmp_path, "rgb.png", Image.new("RGB", (40, 20), (10, 20, 30))),
        saved(tmp_path, "grey.png", Image.new("L", (8, 8), 200)),
        saved(tmp_path, "alpha.png", Image.new("RGBA", (16, 30), (1, 2, 3, 128))),
        saved(tmp_path, "palette.png", Image.new("P", (16, 16), 0)),
    ]
    pixels = load_pixels(tmp_path, images, 16)
    assert pixels.shape == (4, 16, 16, 3)
    assert pixels.dtype == np.uint8
    assert pixels[:, 3, 5].tolist()[:3] == [[10, 20, 30], [200, 200, 200], [1, 2, 3]]


def test_the_aspect_ratio_is_not_kept(tmp_path: Path) -> None:
    wide = Image.new("L", (40, 10), 0)
    wide.paste(255, (20, 0, 40, 10))
    pixels = load_pixels(tmp_path, [saved(tmp_path, "wide.png", wide)], 10)
    assert (pixels[0, :, 0] == 0).all()
    assert (pixels[0, :, -1] == 255).all()


def test_an_image_that_has_changed_is_named(tmp_path: Path) -> None:
    name, content_hash = saved(tmp_path, "one.png", Image.new("L", (8, 8), 1))
    Image.new("L", (8, 8), 2).save(tmp_path / name)
    with pytest.raises(InputError, match=r"'one\.png' below .* has changed"):
        load_pixels(tmp_path, [(name, content_hash)], 8)


def test_an_image_that_has_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'gone\.png' below .* cannot be now"):
        load_pixels(tmp_path, [("gone.png", "0" * 64)], 8)


def test_an_image_that_cannot_be_decoded_any_more_is_named(tmp_path: Path) -> None:
    (tmp_path / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n half of it")
    content_hash = hashlib.sha256((tmp_path / "half.png").read_bytes()).hexdigest()
    with pytest.raises(InputError, match=r"'half\.png' below .* cannot be now"):
        load_pixels(tmp_path, [("half.png", content_hash)], 8)
