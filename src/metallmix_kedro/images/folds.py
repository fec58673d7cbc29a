"""Stratified folds in which images that are or look the same stay together."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.support import InputError


def assign_folds(
    classes: Sequence[str],
    groups: Sequence[int],
    n_folds: int,
    seed: int,
    large_first: bool = True,
) -> NDArray[np.int64]:
    """Divide images among folds (paper, section 3.1: four).

    Class by class, the groups of like images are shuffled and dealt out, large groups first, each
    to the fold that has the fewest images of the class so far, among equals to the smallest fold.
    Groups with images of several classes are dealt out before all others, each to the fold that
    has the fewest images of its classes. Without groups, folds differ by at most one image in
    every class and in all.

    Parameters
    ----------
    classes : sequence of str, shape (n_images,)
        Class of each image.
    groups : sequence of int, shape (n_images,)
        Images with the same number stay together.
    n_folds : int
        Number of folds, at least 2.
    seed : int
        Seed of the shuffling.
    large_first : bool
        Deal out large groups first. Otherwise in random order: folds are less even, but another
        seed gives other folds also where a few large groups hold most images.

    Returns
    -------
    numpy.ndarray of int, shape (n_images,)
        Fold of each image, 0 to ``n_folds - 1``.

    Raises
    ------
    InputError
        Naming every class whose images are all in one group: they could not be trained on and
        tested on.
    """
    found: dict[str, set[int]] = defaultdict(set)
    for name, group in zip(classes, groups, strict=True):
        found[name].add(group)
    if small := [f"'{name}' has {len(of)}" for name, of in sorted(found.items()) if len(of) < 2]:
        raise InputError(
            f"Every class needs at least 2 images that do not look alike: {', '.join(small)}. Add "
            "images, leave the class out (class_map), or raise near_copy_correlation."
        )
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    bundles: dict[tuple[str, ...], list[list[int]]] = defaultdict(list)
    for rows in members.values():
        bundles[tuple(sorted({classes[row] for row in rows}))].append(rows)
    rng = np.random.default_rng(seed)
    folds = np.empty(len(classes), dtype=np.int64)
    sizes: dict[str, list[int]] = defaultdict(lambda: [0] * n_folds)
    totals = [0] * n_folds
    for names in sorted(bundles, key=lambda names: (len(names) == 1, names)):
        rng.shuffle(bundles[names])
        if large_first:
            bundles[names].sort(key=len, reverse=True)
        for rows in bundles[names]:
            fold = min(
                range(n_folds), key=lambda k: (sum(sizes[name][k] for name in names), totals[k], k)
            )
            folds[rows] = fold
            totals[fold] += len(rows)
            for row in rows:
                sizes[classes[row]][fold] += 1
    return folds
