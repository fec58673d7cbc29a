import numpy as np
import pytest

from metallmix_kedro.meta_features import TRAITS, known_traits
from metallmix_kedro.meta_features.probes.columns import IMAGE_TRAITS, as_table
from metallmix_kedro.meta_features.probes.features import PROBE_FEATURES
from metallmix_kedro.meta_features.probes.traits import image_traits

SIDE = 64
SIZES = [(100, 50)] * 6


def noise(n_images: int, coloured: bool) -> np.ndarray:
    """Images of blocks that no other one has."""
    channels = 3 if coloured else 1
    blocks = np.random.default_rng(0).integers(0, 255, (n_images, 8, 8, channels), dtype=np.uint8)
    grown = blocks.repeat(SIDE // 8, axis=1).repeat(SIDE // 8, axis=2)
    return np.broadcast_to(grown, (n_images, SIDE, SIDE, 3)).copy()


def test_grey_is_what_has_no_colour_but_for_a_codecs_error() -> None:
    grey = noise(6, coloured=False)
    assert image_traits(grey, SIZES)["grey_share"] == 1
    grey[0, 0, :20] = (255, 0, 0)  # half a percent of the pixels
    assert image_traits(grey, SIZES)["grey_share"] == 1
    grey[0, :4] = (255, 0, 0)
    assert image_traits(grey, SIZES)["grey_share"] == pytest.approx(5 / 6)
    assert image_traits(noise(6, coloured=True), SIZES)["grey_share"] == 0


def test_what_is_blurred_is_less_sharp_and_a_plain_surface_not_at_all() -> None:
    sharp = noise(6, coloured=False)
    blurred = sum(np.roll(sharp.astype(float), step, axis=2) for step in range(-2, 3)) / 5
    found = [image_traits(one.astype(np.uint8), SIZES)["sharpness"] for one in (sharp, blurred)]
    assert found[0] > found[1] > 0
    assert image_traits(np.full_like(sharp, 90), SIZES)["sharpness"] == 0


def test_sharpness_is_the_laplacians_variance_on_a_log_scale() -> None:
    board = np.zeros((1, SIDE, SIDE, 3), dtype=np.uint8)
    board[:, ::2, ::2], board[:, 1::2, 1::2] = 100, 100  # a chessboard: the Laplacian is +-400
    assert image_traits(board, SIZES[:1])["sharpness"] == pytest.approx(np.log10(1 + 400**2), 1e-4)


def test_near_copies_are_the_same_brighter_or_darker() -> None:
    images = noise(6, coloured=True) // 2
    assert image_traits(images, SIZES)["near_copy_share"] == 0
    images[1], images[2] = images[0], images[0] + 40
    assert image_traits(images, SIZES)["near_copy_share"] == pytest.approx(2 / 6)


def test_sizes_vary_by_their_spread_against_their_mean() -> None:
    images = noise(6, coloured=True)
    assert image_traits(images, SIZES)["size_variation"] == 0
    one_way = [(50, 40), (150, 40)] * 3  # widths: 100 +- 50
    assert image_traits(images, one_way)["size_variation"] == pytest.approx(0.25)


def test_traits_are_declared_told_and_not_learned_from() -> None:
    assert tuple(TRAITS) == IMAGE_TRAITS
    assert not set(TRAITS) & set(PROBE_FEATURES)
    row = {"dataset": "d", "backbone": "b", **dict.fromkeys(IMAGE_TRAITS, 0.5)}
    assert known_traits(as_table([row])) == dict.fromkeys(IMAGE_TRAITS, 0.5)
    assert known_traits(as_table([])) == {}
    # Probed before there were traits.
    assert known_traits(as_table([row]).drop(columns=list(IMAGE_TRAITS))) == {}
