from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.decision.target import KEPT_SHARE, Learned, Target, _training_size
from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.history import History
from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.meta_features.target import TargetDescription
from metallmix_kedro.support import InputError
from tests import made_recommendation as made
from tests.declared_space import base_parameters
from tests.fabricated import SPACE


def of(n_images: int, largest: float | None, status: str = "finished") -> Target:
    """A target of so many images, beside a history whose largest trial had so many."""
    classes = {"a": n_images - n_images // 3, "b": n_images // 3}
    description = TargetDescription(
        name="mine", meta_features=compute_meta_features(classes, 100, 100, "CT")
    )
    table = made.history().copy()
    table["n_train"] = np.where(table.index % 2 == 0, 20.0, np.nan if largest is None else largest)
    if largest is None:
        table["n_train"] = np.nan
    table.loc[table.index % 2 == 1, "status"] = status
    learned = Learned(History(table), made.surrogate(), *made.index())
    return made.known(description, learned)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"a": 300, "b": 200, "c": 100}, "600 of 3"),
        ({"a": 2000, "b": 1000}, "3,000 of 2"),
        ({"a": 100, "b": 40}, "140 of 2"),
        ({"a": 200, "b": 150}, None),
        ({"a": 650, "b": 430}, None),
    ],
)
def test_trials_on_another_dataset_of_its_name_are_not_taken_for_its_own(
    counts: dict[str, int], told: str | None
) -> None:
    ours = made.history().head(1).assign(dataset="flowers", n_instances=600.0, n_classes=2.0)
    learned = made.learned_from(pd.concat([made.history(), ours], ignore_index=True))
    described = TargetDescription(
        name="flowers", meta_features=compute_meta_features(counts, 100, 100, "natural")
    )
    if told is None:
        assert len(made.known(described, learned).own_trials) == 1
        return
    expected = f"'flowers': 600 images of 2 classes, where yours has {told}.*target.name"
    with pytest.raises(InputError, match=expected):
        made.known(described, learned)


@settings(max_examples=30)
@given(st.integers(6, 10**6), st.integers(20, 10**5))
def test_nine_tenths_of_its_images_train_but_no_more_than_the_history_knows(
    n_images: int, largest: int
) -> None:
    n_train = of(n_images, largest).n_train
    assert n_train == pytest.approx(min(KEPT_SHARE * n_images, largest))


def test_where_the_history_does_not_tell_nothing_is_said_of_a_size() -> None:
    target = of(1000, None)
    assert target.n_train is None
    assert target.beside(SPACE.frame().head(2))["n_train"].isna().all()
    assert made.known().n_train is None


def test_a_failed_trial_does_not_make_a_size_known() -> None:
    assert of(100_000, 5000, status="failed").n_train == 20
    assert of(100_000, 5000).n_train == 5000


def test_a_domain_without_a_count_of_instances_has_no_size() -> None:
    base = base_parameters()
    known = {**base["meta_features"]["declared"], "n_instances": None}
    changed = {**base, "meta_features": {**base["meta_features"], "declared": known}}
    table = made.history().assign(n_train=100.0)
    with used(Declaration.from_parameters(changed)):
        assert _training_size(made.HAND_X_RAYS.meta_features, table) is None


def test_configurations_stand_beside_its_size() -> None:
    frame = of(1000, 500).beside(SPACE.frame().head(3))
    assert frame["n_train"].tolist() == [500.0] * 3
    assert frame["n_instances"].tolist() == [1000] * 3


class _OneSecond:
    def predict(self, frame: pd.DataFrame, *_: object) -> pd.DataFrame:
        names = ["score", "training_time_s", "training_time_low_s", "training_time_high_s"]
        return pd.DataFrame(dict(zip(names, (0.5, 1.0, 0.5, 2.0), strict=True)), frame.index)


@pytest.mark.parametrize(
    ("n_images", "largest", "times"),
    [(10_000, 900.0, 10.0), (1000, 900.0, 1.0), (500, 900.0, 1.0), (10_000, None, 1.0)],
)
def test_beyond_the_largest_training_set_the_time_grows_with_the_images(
    n_images: int, largest: float | None, times: float
) -> None:
    target = of(n_images, largest)
    found = target.predict(_OneSecond(), target.beside(SPACE.frame().head(2)))
    assert found["score"].tolist() == [0.5, 0.5]
    seconds = found.filter(like="training_time").to_numpy()
    assert seconds == pytest.approx(times * np.array([[1.0, 0.5, 2.0]] * 2))


def test_on_a_slower_machine_the_times_are_longer_and_nothing_else() -> None:
    one = of(1000, 900)
    twice, frame = replace(one, slower=2.0), one.beside(SPACE.frame().head(5))
    here, there = twice.predict(made.surrogate(), frame), one.predict(made.surrogate(), frame)
    times = [name for name in here if name.startswith("training_time")]
    assert (here[times] == 2 * there[times]).all(axis=None)
    pd.testing.assert_frame_equal(here.drop(columns=times), there.drop(columns=times))
