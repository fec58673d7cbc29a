import pytest

from metallmix_kedro.meta_features import relative_seconds
from metallmix_kedro.meta_features.probes.columns import as_table

SMALL, LARGE = "MobileNetV2_0.35", "Xception"


def probe(backbone: str, seconds: float, n_images: int = 100, image_size: int = 96) -> dict:
    return {"dataset": f"{seconds}", "backbone": backbone, "seconds": seconds,
            "n_images": n_images, "image_size": image_size}  # fmt: skip


HISTORY = as_table([probe(SMALL, s) for s in (0.1, 0.1, 0.1, 0.3, 0.9)] + [probe(LARGE, 2.0)])


def test_it_is_the_ratio_of_seconds_an_image_on_an_undisturbed_machine() -> None:
    assert relative_seconds(as_table([probe(SMALL, 0.1)]), HISTORY) == pytest.approx(1)
    assert relative_seconds(as_table([probe(SMALL, 0.1, 50)]), HISTORY) == pytest.approx(2)
    assert relative_seconds(as_table([probe(LARGE, 1.0)]), HISTORY) == pytest.approx(0.5)
    both = as_table([probe(SMALL, 0.2), probe(LARGE, 2.0)])
    assert relative_seconds(both, HISTORY) == pytest.approx(
        1.41
    )  # 1.5, to a power of the root of 2


def test_a_little_disturbance_changes_nothing() -> None:
    found = {relative_seconds(as_table([probe(SMALL, s)]), HISTORY) for s in (0.09, 0.1, 0.11)}
    assert found == {1.0}


def test_it_is_unknown_where_one_of_the_machines_is() -> None:
    mine = as_table([probe(SMALL, 0.1)])
    assert relative_seconds(as_table([]), HISTORY) is None
    assert relative_seconds(mine, as_table([])) is None
    assert relative_seconds(mine, HISTORY.assign(seconds=float("nan"))) is None
    assert relative_seconds(mine, HISTORY.assign(image_size=224.0)) is None
    assert relative_seconds(mine.assign(backbone="another"), HISTORY) is None
