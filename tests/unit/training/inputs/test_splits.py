import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from metallmix_kedro.images.folds import assign_folds
from metallmix_kedro.support.errors import InputError
from metallmix_kedro.training.inputs.splits import ImageSplits, Split, draw_subset

SEED = 7
"""Of the manifest's folds."""


def manifest(n_images: int, n_classes: int, n_folds: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "path": [f"{i}.png" for i in range(n_images)],
            "class_name": [f"class_{i % n_classes}" for i in range(n_images)],
            "near_copy_group": range(n_images),
            "fold": pd.array([(i // n_classes) % n_folds for i in range(n_images)], dtype="Int64"),
            "status": "included",
        }
    )


@st.composite
def datasets(draw: st.DrawFn, n_folds: int = 4) -> pd.DataFrame:
    """Images of two to four classes, many of them near copies; the folds that ingestion gives."""
    sizes = draw(st.lists(st.integers(n_folds, 60), min_size=2, max_size=4))
    names = [f"class_{k}" for k, size in enumerate(sizes) for _ in range(size)]
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # Images that follow each other are near copies by chance, across classes too.
    is_alike = chance.random(len(names)) < draw(st.sampled_from([0.0, 0.3, 0.7]))
    groups = np.cumsum(~is_alike)
    order = chance.permutation(len(names))
    names, groups = [names[i] for i in order], groups[order]
    try:
        folds = assign_folds(names, groups.tolist(), n_folds, SEED)
    except InputError:
        assume(False)
    assume(len(np.unique(folds)) == n_folds)
    return pd.DataFrame(
        {
            "class_name": names,
            "near_copy_group": groups,
            "fold": pd.array(folds, dtype="Int64"),
        }
    )


def balanced(n_images: int = 240, n_classes: int = 3) -> ImageSplits:
    return ImageSplits(manifest(n_images, n_classes), 0.2, SEED)


SEEDS = st.one_of(st.just(SEED), st.integers(0, 2**31))
SHARES = st.sampled_from([0.1, 0.2, 0.25, 0.3, 0.5])


@given(images=datasets(), share=SHARES, n_train=st.none() | st.integers(1, 150), seed=SEEDS)
def test_parts_share_no_image_and_whole_folds_are_tested(
    images: pd.DataFrame, share: float, n_train: int | None, seed: int
) -> None:
    divided = ImageSplits(images, share, SEED)
    folds = divided.folds(seed)
    splits = divided.make(len(np.unique(folds)), 0, n_train, seed)
    for fold, split in zip(np.unique(folds), splits, strict=True):
        rows = np.concatenate([split.train, split.validation, split.test])
        assert len(rows) == len(set(rows))
        assert split.test.tolist() == np.flatnonzero(folds == fold).tolist()
        if n_train is None:
            assert sorted(rows) == list(range(len(images)))
    assert sorted(np.concatenate([split.test for split in splits])) == list(range(len(images)))


@given(images=datasets(), n_train=st.none() | st.integers(1, 100), seed=SEEDS)
def test_no_near_copy_of_a_test_image_is_learned_from(
    images: pd.DataFrame, n_train: int | None, seed: int
) -> None:
    groups = images["near_copy_group"].to_numpy()
    for split in ImageSplits(images, 0.2, SEED).make(1, len(images), n_train, seed):
        learned = {*groups[split.train], *groups[split.validation]}
        assert learned.isdisjoint(groups[split.test])


@given(images=datasets(), share=SHARES, levels=st.sets(st.integers(1, 150), min_size=2), seed=SEEDS)
def test_what_learns_at_a_level_learns_at_all_larger_ones(
    images: pd.DataFrame, share: float, levels: set[int], seed: int
) -> None:
    divided = ImageSplits(images, share, SEED)
    of_levels = [divided.make(4, 0, level, seed) for level in [*sorted(levels), None]]
    for smaller, larger in itertools.pairwise(of_levels):
        for few, many in zip(smaller, larger, strict=True):
            assert set(few.train) <= set(many.train)
            assert set(few.validation) <= set(many.validation)
            assert few.test.tolist() == many.test.tolist()


@given(images=datasets(), n_train=st.integers(1, 150), seed=SEEDS)
def test_as_many_images_train_as_were_asked_for(
    images: pd.DataFrame, n_train: int, seed: int
) -> None:
    divided = ImageSplits(images, 0.2, SEED)
    everything = divided.make(4, 0, None, seed)
    for split, whole in zip(divided.make(4, 0, n_train, seed), everything, strict=True):
        assert len(split.train) == min(n_train, len(whole.train))
        wanted = max(1, round(n_train / 4))  # a share of 0.2 is one to four that train
        assert len(split.validation) == min(wanted, len(whole.validation))


def test_how_many_validate_does_not_hang_on_the_last_digit_of_a_share() -> None:
    """Of 58 * 0.2 / 0.8 Python makes a little more than 14.5."""
    (split,) = balanced().make(1, 0, 58, SEED)
    assert (len(split.train), len(split.validation)) == (58, 14)


def test_the_folds_of_another_seed_are_dealt_out_in_random_order() -> None:
    """Where large groups hold most images, another seed would else divide them no other way."""
    images = manifest(80, 2).assign(near_copy_group=[*[0] * 20, *[1] * 20, *range(2, 42)])
    divided = ImageSplits(images, 0.2, SEED)
    names, groups = images["class_name"].tolist(), images["near_copy_group"].tolist()
    for seed in range(3):
        expected = assign_folds(names, groups, 4, seed, large_first=False)
        assert divided.folds(seed).tolist() == expected.tolist()
    assert divided.folds(SEED).tolist() == images["fold"].tolist()


def counts(rows: Sequence[int], names: Sequence[str]) -> pd.Series:
    return pd.Series([names[row] for row in rows]).value_counts()


@given(
    sizes=st.lists(st.integers(20, 120), min_size=2, max_size=3),
    n_train=st.none() | st.integers(12, 200),
    seed=SEEDS,
)
def test_classes_have_their_shares(sizes: list[int], n_train: int | None, seed: int) -> None:
    names = [f"class_{k}" for k, size in enumerate(sizes) for _ in range(size)]
    groups = list(range(len(names)))
    folds = pd.array(assign_folds(names, groups, 4, SEED), dtype="Int64")
    images = pd.DataFrame({"class_name": names, "near_copy_group": groups, "fold": folds})
    for split in ImageSplits(images, 0.2, SEED).make(4, 0, n_train, seed):
        learned = [row for row in range(len(names)) if row not in set(split.test)]
        for part in (split.train, split.validation):
            shares = counts(learned, names) * len(part) / len(learned)
            found = counts(part.tolist(), names).reindex(shares.index, fill_value=0)
            assert (found - shares).abs().max() <= 2


@given(
    sizes=st.lists(st.integers(4, 200), min_size=2, max_size=8),
    more=st.integers(0, 20),
    seed=SEEDS,
)
def test_every_class_has_an_image_to_train_on(sizes: list[int], more: int, seed: int) -> None:
    """However rare it is, and however few images train, if only they are as many as classes."""
    names = [f"class_{k}" for k, size in enumerate(sizes) for _ in range(size)]
    groups = list(range(len(names)))
    folds = pd.array(assign_folds(names, groups, 4, SEED), dtype="Int64")
    images = pd.DataFrame({"class_name": names, "near_copy_group": groups, "fold": folds})
    for split in ImageSplits(images, 0.5, SEED).make(4, 0, len(sizes) + more, seed):
        assert {names[row] for row in split.train} == set(names)


@given(share=SHARES)
def test_the_share_that_validates_is_the_one_asked_for(share: float) -> None:
    (split,) = ImageSplits(manifest(400, 2), share, SEED).make(1, 0, None, SEED)
    found = len(split.validation) / (len(split.train) + len(split.validation))
    assert found == pytest.approx(1 / round(1 / share), abs=0.01)


@pytest.mark.parametrize(
    ("n_folds", "min_tested", "expected"),
    [(1, 0, 1), (1, 60, 1), (1, 61, 2), (2, 61, 2), (1, 180, 3), (3, 61, 3), (1, 10_000, 4)],
)
def test_more_folds_are_tested_until_there_are_images_enough(
    n_folds: int, min_tested: int, expected: int
) -> None:
    """There are four folds of 60 images."""
    splits = balanced().make(n_folds, min_tested, None, SEED)
    assert len(splits) == expected
    assert [split.test.tolist() for split in splits] == [
        split.test.tolist() for split in balanced().make(expected, 0, None, SEED)
    ]


def test_the_folds_are_the_manifests_with_its_seed_and_others_with_another() -> None:
    images = manifest(120, 3)
    divided = ImageSplits(images, 0.2, SEED)
    assert divided.folds(SEED).tolist() == images["fold"].tolist()
    others = [divided.folds(seed).tolist() for seed in (8, 9)]
    assert images["fold"].tolist() not in others
    assert others[0] != others[1]
    assert others == [divided.folds(seed).tolist() for seed in (8, 9)]
    for folds in others:
        table = pd.crosstab(images["class_name"], folds)
        assert table.shape == (3, 4)
        assert table.to_numpy().tolist() == [[10] * 4] * 3


def test_a_draw_repeats_and_another_fold_or_seed_draws_anew() -> None:
    def as_lists(splits: list[Split]) -> list[list[int]]:
        return [split.train.tolist() for split in splits]

    first = as_lists(balanced().make(2, 0, 40, SEED))
    assert first == as_lists(balanced().make(2, 0, 40, SEED))
    assert first != as_lists(balanced().make(2, 0, 40, SEED + 1))
    assert first[0] != first[1]


@pytest.mark.parametrize(("total", "n_folds"), [(2, 3), (4, 5), (1, 1)])
def test_too_few_folds_are_refused(total: int, n_folds: int) -> None:
    with pytest.raises(InputError, match=r"data_ingestion\.n_folds"):
        ImageSplits(manifest(40, 2, total), 0.2, SEED).make(n_folds, 0, None, SEED)


def test_two_folds_are_enough() -> None:
    (split,) = ImageSplits(manifest(40, 2, 2), 0.2, SEED).make(1, 0, None, SEED)
    assert (len(split.train), len(split.validation), len(split.test)) == (16, 4, 20)


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
