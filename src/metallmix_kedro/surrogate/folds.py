"""Datasets that are left out together."""

from collections.abc import Sequence

Fold = frozenset[str]
"""Datasets that are left out together: one, or several where there are very many."""


def deal(names: Sequence[str], max_folds: int) -> list[Fold]:
    """Deal datasets to folds: each is one of its own unless there are more than `max_folds`."""
    count = min(max_folds, len(names))
    return [frozenset(names[start::count]) for start in range(count)]
