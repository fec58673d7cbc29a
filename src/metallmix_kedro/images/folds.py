"""Stratified folds in which identical images stay together."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.errors import InputError


def assign_folds(
    classes: Sequence[str], groups: Sequence[int], n_folds: int, seed: int
) -> NDArray[np.int64]:
    """Divide images among folds (paper, section 3.1: four).

    Class by class, the groups of identical images are shuffled and dealt out, large groups first,
    each to the fold that has the fewest images of the class so far, among equals to the smallest
    fold. Without duplicates, folds differ by at most one image in every class and in all.

    Parameters
    ----------
    classes : sequence of str, shape (n_images,)
        Class of each image.
    groups : sequence of int, shape (n_images,)
        Images with the same number are identical; all of a group are of one class.
    n_folds : int
        Number of folds, at least 2.
    seed : int
        Seed of the shuffling.

    Returns
    -------
    numpy.ndarray of int, shape (n_images,)
        Fold of each image, 0 to ``n_folds - 1``.

    Raises
    ------
    InputError
        Naming every class that has fewer different images than there are folds.
    """
    members: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, (name, group) in enumerate(zip(classes, groups, strict=True)):
        members[name][group].append(index)
    small = {name: len(found) for name, found in sorted(members.items()) if len(found) < n_folds}
    if small:
        counts = ", ".join(f"'{name}' has {count}" for name, count in small.items())
        raise InputError(
            f"Every class needs at least as many different images as there are folds ({n_folds}):"
            f" {counts}. Add images, leave the class out (class_map), or lower n_folds."
        )
    rng = np.random.default_rng(seed)
    folds = np.empty(len(classes), dtype=np.int64)
    totals = [0] * n_folds
    for name in sorted(members):
        sizes = [0] * n_folds
        bundles = list(members[name].values())
        rng.shuffle(bundles)
        for bundle in sorted(bundles, key=len, reverse=True):
            fold = min(range(n_folds), key=lambda k: (sizes[k], totals[k], k))
            folds[bundle] = fold
            sizes[fold] += len(bundle)
            totals[fold] += len(bundle)
    return folds
