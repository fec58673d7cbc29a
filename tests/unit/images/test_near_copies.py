"""What looks alike is one group, whatever its brightness and file; what does not is alone."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from metallmix_kedro.images.near_copies import SIDE, near_copy_groups, thumbnail
from tests.unit.images.samples import picture

SIZE = (96, 80)


def scene(seed: int) -> Image.Image:
    """A smooth picture, as photographs are: blots of another place for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 200, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC)


def reencoded(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue()))


def groups_of(
    images: list[Image.Image | None], correlation: float | None = 0.99, identical: object = None
) -> list[int]:
    numbers = np.arange(len(images)) if identical is None else np.array(identical)
    thumbnails = [None if image is None else thumbnail(image) for image in images]
    return near_copy_groups(thumbnails, numbers, correlation).tolist()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK", "1"])
def test_a_thumbnail_is_a_grey_square_of_any_image(mode: str) -> None:
    found = thumbnail(picture(1, (90, 31), mode))
    assert found.shape == (SIDE * SIDE,)
    assert found.dtype == np.uint8


@pytest.mark.parametrize(
    "changed",
    [
        lambda image: image.copy(),
        lambda image: ImageEnhance.Brightness(image).enhance(1.2),
        lambda image: ImageEnhance.Brightness(image).enhance(0.6),
        lambda image: ImageEnhance.Contrast(image).enhance(0.7),
        lambda image: reencoded(image, 40),
        lambda image: image.resize((60, 50), Image.Resampling.BICUBIC),
        lambda image: image.convert("L"),
    ],
    ids=["same", "brighter", "darker", "pale", "jpeg", "smaller", "grey"],
)
def test_changed_copies_are_in_the_group_of_their_original(changed: object) -> None:
    for seed in range(5):
        others = [scene(100 + seed), scene(200 + seed)]
        assert groups_of([scene(seed), others[0], changed(scene(seed)), others[1]]) == [0, 1, 0, 2]


def series(n_slices: int) -> list[Image.Image]:
    """Pictures each of which goes over into the next, from one scene to another."""
    shares = np.linspace(0, 1, n_slices)
    return [Image.blend(scene(1), scene(2), float(share)) for share in shares]


def test_a_series_is_one_group_though_its_ends_are_unlike() -> None:
    slices = series(25)
    assert groups_of([slices[0], slices[-1]]) == [0, 1]
    mixed = [slices[i] for i in np.random.default_rng(0).permutation(len(slices))]
    assert set(groups_of(mixed)) == {0}
    # Without the middle two groups are left.
    assert set(groups_of(slices[:6] + slices[-6:])) == {0, 1}


def test_different_scenes_and_noise_are_alone() -> None:
    images = [scene(seed) for seed in range(30)] + [picture(seed, SIZE) for seed in range(30)]
    assert groups_of(images) == list(range(60))


def test_plain_surfaces_are_like_nothing() -> None:
    noise = np.random.default_rng(0)
    plain = [Image.new("RGB", SIZE, (level, level, level)) for level in (0, 0, 128, 255)]
    # The same faint mark on each: what is left of it would correlate.
    marked = np.full((80, 96), 100, dtype=np.uint8)
    marked[:40] += 1
    faint = [Image.fromarray(marked + np.uint8(k)) for k in range(3)]
    grains = [
        Image.fromarray((100 + noise.integers(0, 2, (80, 96))).astype(np.uint8)) for _ in range(3)
    ]
    images = plain + faint + grains
    assert groups_of(images) == list(range(len(images)))


def test_what_is_no_image_is_alone() -> None:
    images = [None, scene(1), None, scene(1), None]
    assert groups_of(images) == [0, 1, 2, 1, 3]
    assert groups_of([None, None]) == [0, 1]
    assert groups_of([]) == []


def test_identical_images_are_a_group_in_any_case() -> None:
    plain = Image.new("L", SIZE, 9)
    for correlation in (0.99, None):
        assert groups_of([plain, scene(1), plain, None, None], correlation, [0, 1, 0, 2, 2]) == [
            0, 1, 0, 2, 2,
        ]  # fmt: skip


def test_without_a_correlation_only_identical_images_are() -> None:
    bright = ImageEnhance.Brightness(scene(1)).enhance(1.1)
    assert groups_of([scene(1), bright, scene(1)], None, [0, 1, 0]) == [0, 1, 0]


def test_identical_and_alike_make_one_group_together() -> None:
    """The first is identical to the third, which is like the fourth."""
    images = [None, scene(5), scene(1), ImageEnhance.Brightness(scene(1)).enhance(0.9)]
    assert groups_of(images, 0.99, [0, 1, 0, 2]) == [0, 1, 0, 0]


def test_the_correlation_decides() -> None:
    a, b = scene(1), Image.blend(scene(1), scene(2), 0.3)
    values = [thumbnail(image).astype(float) for image in (a, b)]
    correlation = float(np.corrcoef(values)[0, 1])
    assert 0.7 < correlation < 0.99
    assert groups_of([a, b], correlation - 0.005) == [0, 0]
    assert groups_of([a, b], correlation + 0.005) == [0, 1]


def test_groups_are_numbered_in_the_order_of_their_first_images() -> None:
    order = [3, 1, 3, 2, 1, 0]
    assert groups_of([scene(seed) for seed in order]) == [0, 1, 0, 2, 1, 3]


def test_more_images_than_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [scene(seed % 7) for seed in range(40)]
    whole = groups_of(images)
    assert whole == [seed % 7 for seed in range(40)]
    monkeypatch.setattr("metallmix_kedro.images.near_copies._ROWS_AT_ONCE", 6)
    assert groups_of(images) == whole
