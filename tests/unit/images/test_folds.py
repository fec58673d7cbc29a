from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.errors import InputError
from metallmix_kedro.images.folds import assign_folds


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


def test_too_few_different_images_are_named():
    classes = ["many"] * 6 + ["copies"] * 5
    groups = [*range(6), 6, 6, 6, 7, 7]
    with pytest.raises(InputError, match=r"folds \(4\): 'copies' has 2\."):
        assign_folds(classes, groups, 4, 0)
