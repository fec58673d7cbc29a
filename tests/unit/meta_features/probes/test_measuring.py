import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from metallmix_kedro.meta_features.parameters import TargetParameters
from metallmix_kedro.meta_features.probes.columns import (
    IMAGE_TRAITS,
    PROBE_COLUMNS,
    PROBE_STATISTICS,
    as_table,
)
from metallmix_kedro.meta_features.probes.measuring import (
    ProbedImages,
    chosen_backbones,
    probe_datasets,
    probe_images,
)
from metallmix_kedro.meta_features.probes.parameters import ProbeParameters
from metallmix_kedro.meta_features.probes.target import probe_target
from metallmix_kedro.support.errors import (
    ArtifactError,
    InputError,
    MetallmixError,
    MissingExtraError,
    ParameterError,
    WeightsError,
)

SMALL, LARGE = "MobileNetV2_0.35", "Xception"
PARAMETERS = ProbeParameters(image_size=32, n_images=24, n_folds=2)


class Store:
    """Backbones whose features are the mean colours of the image's quarters."""

    def weights_id(self, backbone: str) -> str:
        return f"fake:{backbone}"

    def cut(self, backbone: str, strategy: str, image_size: int) -> SimpleNamespace:
        assert (strategy, image_size) == ("feature_extraction", 32)
        assert backbone in (SMALL, LARGE)

        def predict(images: np.ndarray) -> np.ndarray:
            n, side = len(images), images.shape[1] // 2
            return images.reshape(n, 2, side, 2, side, 3).mean(axis=(2, 4)).reshape(n, -1)

        return SimpleNamespace(frozen=SimpleNamespace(predict_on_batch=predict))


@pytest.fixture
def colours(tmp_path: Path) -> ProbedImages:
    """Twelve reddish and twelve bluish images."""
    rng = np.random.default_rng(0)
    rows = []
    for name, channel in (("blue", 2), ("red", 0)):
        (tmp_path / name).mkdir()
        for number in range(12):
            pixels = rng.integers(0, 90, (32, 32, 3), dtype=np.uint8)
            pixels[..., channel] += 120
            path = f"{name}/{number}.png"
            Image.fromarray(pixels).save(tmp_path / path)
            rows.append({"path": path, "class_name": name, "fold": 0, "status": "included"})
    return ProbedImages("colours", "hash", tmp_path, pd.DataFrame(rows))


def test_a_row_a_backbone_with_all_statistics(colours: ProbedImages) -> None:
    table = probe_images(colours, (SMALL, LARGE), Store(), PARAMETERS)
    assert tuple(table.columns) == PROBE_COLUMNS
    assert table["backbone"].tolist() == [SMALL, LARGE]
    assert table["weights_id"].tolist() == [f"fake:{SMALL}", f"fake:{LARGE}"]
    assert (table["linear_probe_accuracy"] == 1.0).all()
    assert (table["knn_error"] == 0.0).all()
    assert table[[*PROBE_STATISTICS, *IMAGE_TRAITS]].notna().all(axis=None)
    assert (table["n_images"] == 24).all()
    same = probe_images(colours, (SMALL,), Store(), PARAMETERS).drop(columns="seconds")
    assert same.equals(table.head(1).drop(columns="seconds"))


def test_other_work_on_the_machine_does_not_count(colours: ProbedImages) -> None:
    class Held(Store):
        def cut(self, *arguments: Any) -> SimpleNamespace:
            predict = super().cut(*arguments).frozen.predict_on_batch

            def held(images: np.ndarray) -> np.ndarray:
                time.sleep(0.5)  # takes time of the clock, none of the processor
                return predict(images)

            return SimpleNamespace(frozen=SimpleNamespace(predict_on_batch=held))

    assert 0 < probe_images(colours, (SMALL,), Held(), PARAMETERS)["seconds"].iloc[0] < 0.3


def test_what_cannot_be_decoded_is_left_out(colours: ProbedImages) -> None:
    (colours.root / "red/3.png").write_bytes(b"no image")
    assert probe_images(colours, (SMALL,), Store(), PARAMETERS)["n_images"].tolist() == [23]
    for path in colours.images["path"]:
        (colours.root / path).write_bytes(b"")
    with pytest.raises(InputError, match="None of the images drawn from 'colours'"):
        probe_images(colours, (SMALL,), Store(), PARAMETERS)


def test_single_images_of_a_class_do_not_count_and_one_class_says_nothing(
    colours: ProbedImages,
) -> None:
    few = ProbedImages("few", None, colours.root, colours.images.head(13))
    row = probe_images(few, (SMALL,), Store(), PARAMETERS).iloc[0]
    assert row[["linear_probe_accuracy", "logme", "knn_error"]].isna().all()
    assert row["colourfulness"] > 0


def test_an_image_that_changed_since_it_was_ingested_is_an_error(colours: ProbedImages) -> None:
    stale = ProbedImages(
        "stale", "hash", colours.root, colours.images.assign(content_hash="0" * 64)
    )
    with pytest.raises(InputError, match="has changed"):
        probe_images(stale, (SMALL,), Store(), PARAMETERS)


def test_levels_choose_backbones() -> None:
    assert chosen_backbones("none", (LARGE, SMALL)) == ()
    assert chosen_backbones("smallest", (LARGE, SMALL)) == (SMALL,)
    assert chosen_backbones("all", (LARGE, SMALL)) == (LARGE, SMALL)
    assert chosen_backbones("smallest", ()) == ()


def test_new_probes_take_the_place_of_old_ones_of_the_same_name(colours: ProbedImages) -> None:
    old = as_table([{"dataset": "colours", "backbone": SMALL}, {"dataset": "z", "backbone": SMALL}])
    table = probe_datasets([colours], (SMALL,), Store(), PARAMETERS, old)
    assert table[["dataset", "backbone"]].to_numpy().tolist() == [["colours", SMALL], ["z", SMALL]]
    assert table["n_images"].iloc[0] == 24
    assert probe_datasets([colours], (), Store(), PARAMETERS, old).equals(old)


def history_probes() -> pd.DataFrame:
    return as_table([{"dataset": "d", "backbone": name} for name in (LARGE, SMALL)])


def target(level: str, colours: ProbedImages, wanted: tuple[str, ...] = (LARGE, SMALL), **known):
    parameters = TargetParameters(path=str(colours.root), probes=level)
    history = known.get("history", history_probes())
    store = known.get("store", Store())
    return probe_target("mine", parameters, history, wanted, PARAMETERS, store)


def test_a_target_is_probed_as_deep_as_asked(colours: ProbedImages) -> None:
    assert target("none", colours).empty
    assert target("smallest", colours, wanted=(LARGE,))["backbone"].tolist() == [SMALL]
    assert target("all", colours)["backbone"].tolist() == [SMALL, LARGE]
    assert target("all", colours, wanted=(SMALL,))["backbone"].tolist() == [SMALL]
    assert target("all", colours)["dataset"].tolist() == ["mine", "mine"]
    assert (target("all", colours)["seconds"] > 0).all()


def test_what_has_nothing_to_be_compared_with_is_refused(colours: ProbedImages) -> None:
    with pytest.raises(ArtifactError, match="No dataset of the history was probed"):
        target("all", colours, history=as_table([]))
    card = TargetParameters(card="card.yml", probes="all")
    with pytest.raises(ParameterError, match="no images to probe"):
        probe_target("mine", card, history_probes(), (), PARAMETERS, Store())


def test_if_possible_the_smallest_looks_at_the_images(
    colours: ProbedImages, caplog: pytest.LogCaptureFixture
) -> None:
    assert TargetParameters(card="card.yml").probes == "auto"
    both = [target(level, colours).drop(columns="seconds") for level in ("auto", "smallest")]
    pd.testing.assert_frame_equal(*both)
    assert target("auto", colours, history=as_table([])).empty
    assert not caplog.records


def test_a_card_has_no_images_to_look_at(caplog: pytest.LogCaptureFixture) -> None:
    card = TargetParameters(card="card.yml")
    found = probe_target("mine", card, history_probes(), (SMALL,), PARAMETERS, Store())
    pd.testing.assert_frame_equal(found, as_table([]))
    assert not caplog.records


class Without:
    """A store that cannot build a backbone."""

    def __init__(self, error: MetallmixError) -> None:
        self._error = error

    def weights_id(self, *_: object) -> str:
        raise self._error

    def cut(self, *_: object) -> SimpleNamespace:
        raise self._error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MissingExtraError("keras", "experiments"), "experiments"),
        (WeightsError("No weights of MobileNetV2_0.35 at X."), "No weights of MobileNetV2_0.35"),
    ],
)
def test_without_the_extra_or_the_weights_auto_says_why_there_are_no_probes(
    colours: ProbedImages, caplog: pytest.LogCaptureFixture, error: MetallmixError, said: str
) -> None:
    found = target("auto", colours, store=Without(error))
    pd.testing.assert_frame_equal(found, as_table([]))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "The images were not looked at" in record.getMessage()
    assert said in record.getMessage()
    with pytest.raises(type(error)):
        target("smallest", colours, store=Without(error))


def test_other_errors_are_errors_under_auto_too(colours: ProbedImages) -> None:
    for path in colours.images["path"]:
        (colours.root / path).write_bytes(b"")
    with pytest.raises(InputError):
        target("auto", colours)
