from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.images.folds import assign_folds
from metallmix_kedro.support.errors import InputError


@st.composite
def datasets(draw: st.DrawFn) -> tuple[list[str], list[int], int]:
    """Classes and duplicate groups, mixed up; every class has enough groups."""
    n_folds = draw(st.integers(2, 6))
    rows: list[tuple[str, int]] = []
    group = 0
    for name in "abcdef"[: draw(st.integers(1, 6))]:
        for size in draw(st.lists(st.integers(1, 4), min_size=n_folds, max_size=n_folds + 12)):
            rows += [(name, group)] * size
            group += 1
    rows = draw(st.permutations(rows))
    return [name for name, _ in rows], [number for _, number in rows], n_folds


@given(datasets(), st.integers(0, 2**32 - 1))
def test_groups_stay_together_and_every_fold_has_every_class(data, seed):
    classes, groups, n_folds = data
    folds = assign_folds(classes, groups, n_folds, seed)
    where = {}
    for group, fold in zip(groups, folds, strict=True):
        assert where.setdefault(group, fold) == fold
    assert set(zip(classes, folds.tolist(), strict=True)) == {
        (name, fold) for name in set(classes) for fold in range(n_folds)
    }


@given(datasets(), st.integers(0, 2**32 - 1))
def test_folds_are_stratified(data, seed):
    classes, groups, n_folds = data
    folds = assign_folds(classes, groups, n_folds, seed)
    largest = max(Counter(groups).values())
    for name in set(classes):
        counts = Counter(f for c, f in zip(classes, folds.tolist(), strict=True) if c == name)
        assert max(counts.values()) - min(counts.values()) <= largest


@given(st.lists(st.integers(4, 40), min_size=1, max_size=5), st.integers(0, 1000))
def test_without_duplicates_folds_differ_by_one(sizes, seed):
    classes = [f"c{k}" for k, size in enumerate(sizes) for _ in range(size)]
    folds = assign_folds(classes, list(range(len(classes))), 4, seed)
    totals = np.bincount(folds, minlength=4)
    assert totals.max() - totals.min() <= 1
    for k in range(len(sizes)):
        counts = np.bincount(folds[[name == f"c{k}" for name in classes]], minlength=4)
        assert counts.max() - counts.min() <= 1


def test_seed_decides():
    classes, groups = ["a"] * 40, list(range(40))
    same = [assign_folds(classes, groups, 4, 7).tolist() for _ in range(2)]
    assert same[0] == same[1]
    assert same[0] != assign_folds(classes, groups, 4, 8).tolist()


@given(
    rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=1, max_size=80),
    n_folds=st.integers(2, 5),
    seed=st.integers(0, 1000),
)
def test_groups_of_several_classes_stay_together_too(rows, n_folds, seed):
    classes, groups = [name for name, _ in rows], [group for _, group in rows]
    counts = {name: len({g for c, g in rows if c == name}) for name in set(classes)}
    if min(counts.values()) < 2:
        with pytest.raises(InputError, match="near_copy_correlation"):
            assign_folds(classes, groups, n_folds, seed)
        return
    folds = assign_folds(classes, groups, n_folds, seed)
    assert set(folds) <= set(range(n_folds))
    where = dict(zip(groups, folds.tolist(), strict=True))
    assert [where[group] for group in groups] == folds.tolist()


def test_groups_of_several_classes_are_spread_over_the_folds():
    """Three groups of five near copies of two classes, and single images that even it out."""
    classes = [*"aaabb"] * 3 + ["a"] * 11 + ["b"] * 6
    groups = [k // 5 for k in range(15)] + [*range(3, 20)]
    folds = assign_folds(classes, groups, 4, 0)
    for name, size in (("a", 5), ("b", 3)):
        of_class = folds[[one == name for one in classes]]
        assert np.bincount(of_class, minlength=4).tolist() == [size] * 4


def test_a_class_in_one_group_is_named():
    classes = ["many"] * 6 + ["copies"] * 5
    groups = [*range(6), *[6] * 5]
    with pytest.raises(InputError, match=r"'copies' has 1\. .*raise near_copy_correlation"):
        assign_folds(classes, groups, 4, 0)
    groups[-1] = 7  # trained on and tested on: two groups are enough
    assert len(set(assign_folds(classes, groups, 4, 0)[6:].tolist())) == 2


def sizes_of(folds: np.ndarray, classes: list[str]) -> list[list[int]]:
    return [
        np.bincount(folds[[one == name for one in classes]], minlength=4).tolist()
        for name in sorted(set(classes))
    ]


def test_in_random_order_a_few_large_groups_do_not_keep_their_folds():
    """Two groups hold half of each class: dealt out first, they always fall into the same folds."""
    classes = ["a"] * 40 + ["b"] * 40
    groups = [*[0] * 10, *[1] * 10, *range(2, 22), *[30] * 10, *[31] * 10, *range(32, 52)]
    large = [0, 10, 40, 50]

    def where(seed: int, large_first: bool) -> tuple[int, ...]:
        return tuple(assign_folds(classes, groups, 4, seed, large_first)[large].tolist())

    assert len({frozenset(where(seed, True)[:2]) for seed in range(30)}) == 1
    assert len({frozenset(where(seed, False)[:2]) for seed in range(30)}) > 1
    for seed in range(10):
        folds = assign_folds(classes, groups, 4, seed, large_first=False)
        for index, group in enumerate(groups):
            assert folds[index] == folds[groups.index(group)]
        assert all(min(counts) > 0 for counts in sizes_of(folds, classes))
    assert where(3, False) == where(3, False)
