import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.errors import InputError
from metallmix_kedro.trials.splits import draw_images, draw_subset, make_splits


def manifest(n_images: int, n_classes: int, n_folds: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "path": [f"{i}.png" for i in range(n_images)],
            "class_name": [f"class_{i % n_classes}" for i in range(n_images)],
            "fold": pd.array([(i // n_classes) % n_folds for i in range(n_images)], dtype="Int64"),
            "status": "included",
        }
    )


@given(n_images=st.integers(20, 300), n_folds=st.integers(2, 5), total=st.integers(3, 6))
def test_splits_share_no_image_and_cover_all(n_images: int, n_folds: int, total: int) -> None:
    n_folds = min(n_folds, total)
    folds = manifest(n_images, 3, total)["fold"]
    splits = make_splits(folds, n_folds)
    assert len(splits) == n_folds
    tested = np.concatenate([split.test for split in splits])
    assert len(tested) == len(set(tested))
    for split in splits:
        rows = np.concatenate([split.train, split.validation, split.test])
        assert sorted(rows) == list(range(n_images))
        assert set(folds.iloc[split.test]) & set(folds.iloc[split.validation]) == set()


@pytest.mark.parametrize(("total", "n_folds"), [(2, 2), (4, 5)])
def test_too_few_folds_are_refused(total: int, n_folds: int) -> None:
    with pytest.raises(InputError, match=r"data_ingestion\.n_folds"):
        make_splits(manifest(40, 2, total)["fold"], n_folds)


@given(size=st.integers(12, 400), seed=st.integers(0, 5))
def test_subset_keeps_the_proportions_of_classes_and_folds(size: int, seed: int) -> None:
    whole = manifest(240, 3)
    subset = draw_subset(whole, size, seed)
    counts = subset.groupby(["class_name", "fold"]).size()
    assert len(counts) == 12
    assert counts.max() - counts.min() <= 1
    assert len(subset) <= max(size + 12, 12)
    assert subset["path"].is_unique


def test_subset_leaves_out_excluded_files_and_repeats_with_the_seed() -> None:
    whole = manifest(100, 2)
    whole.loc[:9, "status"] = "excluded"
    assert len(draw_subset(whole, None, 0)) == 90
    assert draw_subset(whole, 40, 1).equals(draw_subset(whole, 40, 1))
    assert not draw_subset(whole, 40, 1).equals(draw_subset(whole, 40, 2))


@given(subset=st.integers(12, 200), tested=st.integers(8, 260), seed=st.integers(0, 3))
def test_more_images_are_tested_on_and_the_subset_stays(
    subset: int, tested: int, seed: int
) -> None:
    whole = manifest(240, 3)
    images = draw_images(whole, subset, tested, seed)
    learned = images[~images["only_tested"]]
    assert learned["path"].tolist() == draw_subset(whole, subset, seed)["path"].tolist()
    assert abs(len(images) - max(min(tested, 240), len(learned))) <= 12
    for split in make_splits(images["fold"], 4, images["only_tested"]):
        assert not images["only_tested"].iloc[[*split.train, *split.validation]].any()
        folds = images["fold"].iloc[split.test].unique()
        assert split.test.tolist() == images.index[images["fold"].isin(folds)].tolist()


def test_without_a_test_size_the_subset_is_all_there_is() -> None:
    images = draw_images(manifest(100, 2), 40, None, 0)
    assert not images["only_tested"].any()
    assert images["path"].tolist() == draw_subset(manifest(100, 2), 40, 0)["path"].tolist()
