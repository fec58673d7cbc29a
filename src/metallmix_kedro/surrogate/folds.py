"""Datasets that are left out together."""

from collections.abc import Sequence

Fold = frozenset[str]
"""Datasets that are left out together: one, or several where there are very many."""


def together(name: str, overlapping: Sequence[Fold]) -> Fold:
    """Return a dataset and those it shares images with, as groups of such datasets say."""
    return next((group for group in overlapping if name in group), frozenset([name]))


def deal(names: Sequence[str], max_folds: int, overlapping: Sequence[Fold] = ()) -> list[Fold]:
    """Deal datasets to folds; those that share images fall into one.

    Parameters
    ----------
    names : sequence of str
        All datasets.
    max_folds : int
        Each dataset, or group of overlapping ones, is a fold of its own unless there are more.
    overlapping : sequence of frozenset of str
        Groups of datasets that share images.
    """
    groups = list(dict.fromkeys(together(name, overlapping) for name in names))
    count = min(max_folds, len(groups))
    dealt = [frozenset().union(*groups[start::count]) for start in range(count)]
    return [fold & frozenset(names) for fold in dealt]
