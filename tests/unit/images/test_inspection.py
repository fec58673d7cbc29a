import io
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from metallmix_kedro.images.inspection import (
    Inspection,
    inspect_file,
    read_size,
)
from metallmix_kedro.images.opening import is_deep
from metallmix_kedro.images.reasons import Reason
from tests.unit.images.samples import picture, save

LIMIT = 10_000


def jpeg(size: tuple[int, int] = (60, 40)) -> bytes:
    buffer = io.BytesIO()
    picture(1, size).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "gif", "ppm", "tif", "webp", "jp2"])
def test_formats_are_read(tmp_path: Path, suffix: str):
    path = save(tmp_path / f"x.{suffix}", 0, (20, 10))
    found = inspect_file(path, LIMIT)
    assert found.reason is None
    assert found.size == (20, 10) == read_size(str(path), LIMIT)
    assert found.n_bytes == path.stat().st_size
    assert len(found.content_hash or "") == 64


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK"])
def test_odd_modes_are_usable(tmp_path: Path, mode: str):
    suffix = "tif" if mode == "CMYK" else "png"
    found = inspect_file(save(tmp_path / f"x.{suffix}", 0, mode=mode), LIMIT)
    assert (found.reason, found.mode) == (None, mode)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
def test_deep_pixels_are_usable(tmp_path: Path, dtype: str):
    path = tmp_path / "x.tif"
    Image.fromarray((np.arange(12).reshape(3, 4) * 5000).astype(dtype)).save(path)
    found = inspect_file(path, LIMIT)
    assert (found.reason, found.size) == (None, (4, 3))
    assert is_deep(found.mode)
    assert read_size(str(path), LIMIT) == (4, 3)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_several_frames_are_excluded(tmp_path: Path, suffix: str):
    path = tmp_path / f"x.{suffix}"
    picture(0).save(path, save_all=True, append_images=[picture(1)])
    assert inspect_file(path, LIMIT).reason is Reason.SEVERAL_FRAMES
    assert read_size(str(path), LIMIT) is Reason.SEVERAL_FRAMES


def test_photograph_with_a_second_picture_is_usable(tmp_path: Path):
    path = tmp_path / "x.jpg"
    picture(0).save(path, "MPO", save_all=True, append_images=[picture(1)])
    assert inspect_file(path, LIMIT).reason is None
    assert read_size(str(path), LIMIT) == (8, 6)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.ZERO_BYTES),
        (b"just text, whatever its name says", Reason.NOT_AN_IMAGE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", Reason.NOT_AN_IMAGE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Reason.NOT_AN_IMAGE),
    ],
)
def test_what_is_no_image(tmp_path: Path, content: bytes, reason: Reason):
    path = tmp_path / "x.jpg"
    path.write_bytes(content)
    assert inspect_file(path, LIMIT).reason is reason
    assert read_size(str(path), LIMIT) is reason


def test_truncated_image_keeps_what_its_header_says(tmp_path: Path):
    path = tmp_path / "x.jpg"
    data = jpeg()
    path.write_bytes(data[: len(data) // 2])
    found = inspect_file(path, LIMIT)
    assert (found.reason, found.size, found.mode) == (Reason.DAMAGED, (60, 40), "RGB")


def bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes whose header promises side x side pixels."""
    buffer = io.BytesIO()
    picture(0, (4, 4)).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize("side", [101, 12_000, 60_000])
def test_decompression_bomb_is_not_decoded(tmp_path: Path, side: int):
    path = tmp_path / "x.png"
    path.write_bytes(bomb(side))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = inspect_file(path, LIMIT)
        assert read_size(str(path), LIMIT) is Reason.TOO_LARGE
    assert found.reason is Reason.TOO_LARGE
    assert found.pixels is None


def test_huge_file_is_not_read(tmp_path: Path):
    path = tmp_path / "x.png"
    with path.open("wb") as file:
        file.truncate(2**33)  # sparse: takes no room on the disk
    assert inspect_file(path, LIMIT) == Inspection(Reason.TOO_LARGE, n_bytes=2**33)


def test_missing_file_is_unreadable(tmp_path: Path):
    assert inspect_file(tmp_path / "none.png", LIMIT).reason is Reason.UNREADABLE
    assert read_size(str(tmp_path / "none.png"), LIMIT) is Reason.UNREADABLE


def test_same_pixels_in_two_files_are_the_same(tmp_path: Path):
    image = picture(3, (90, 70))
    image.save(tmp_path / "a.png", compress_level=0)
    image.save(tmp_path / "b.bmp")
    picture(4, (90, 70)).save(tmp_path / "c.png")
    paths = [tmp_path / name for name in ("a.png", "b.bmp", "c.png")]
    a, b, c = (inspect_file(path, LIMIT) for path in paths)
    assert a.content_hash != b.content_hash
    assert a.pixels == b.pixels != c.pixels


def test_palettes_count_for_the_pixels(tmp_path: Path):
    for name, colour in (("a.png", (255, 0, 0)), ("b.png", (0, 255, 0))):
        image = Image.new("P", (4, 4))
        image.putpalette(colour)
        image.save(tmp_path / name)
    shown = {inspect_file(tmp_path / name, LIMIT).pixels for name in ("a.png", "b.png")}
    assert len(shown) == 2


GOOD = {
    suffix: (lambda b: (picture(0).save(b, suffix), b.getvalue())[1])(io.BytesIO())
    for suffix in ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "PPM")
}


@given(
    kind=st.sampled_from(sorted(GOOD)),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
)
def test_hostile_bytes_never_raise(tmp_path_factory, kind, cut, flips):
    data = bytearray(GOOD[kind])
    for position, value in flips:
        data[position % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "hostile"
    path.write_bytes(data[: int(len(data) * cut)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = inspect_file(path, LIMIT)
        header = read_size(str(path), LIMIT)
    assert (found.reason is None) == (found.pixels is not None)
    if found.reason is None:
        assert header == found.size
