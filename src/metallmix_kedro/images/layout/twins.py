"""Folders that hold the images of another folder once more: as they are, scaled, grey, as masks."""

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from posixpath import basename

import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.images.layout.tree import Tree
from metallmix_kedro.images.near_copies import SIDE, thumbnail
from metallmix_kedro.images.opening import open_image
from metallmix_kedro.images.reasons import Reason

MOST_FOLDERS = 12
"""Siblings that are compared with one another; more are classes, and cost time."""

MOST_LOOKS = 500
"""Images that are decoded at most; what is not looked at is like nothing."""

_SHARE = 0.9
_DECODED = (128, 128)  # a JPEG is decoded no larger than about that
_CORRELATION = 0.98  # after scaling and in grey
_SAMPLE = 8
_MASK_VALUES = 8  # soft edges are drawn in a few steps
_MASK_NAME = re.compile(
    r"(.+?)[_\-. ](masks?|seg(mentation)?|gt|label|lesion|contour|annotation)([_\-]?\d+)?", re.I
)
# Universal identifiers and hashes: no two photographs get one and the same.
_UNIQUE = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|(?=\d*[a-f])[0-9a-f]{16,}", re.I)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What is compared of an image."""

    thumbnail: NDArray[np.float64]  # half the usual side: fine patterns do not survive scaling
    size: tuple[int, int]
    coloured: bool
    n_values: int


class Eyes:
    """Looks at a few images of a dataset, each once.

    Parameters
    ----------
    root : Path or None
        The dataset's folder; None: nothing can be looked at, and nothing is alike.
    """

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._left = MOST_LOOKS
        self.look = cache(self._look)

    def _look(self, path: str) -> _Look | None:
        self._left -= 1
        if self._root is None or self._left < 0:
            return None
        try:
            with warnings.catch_warnings(action="ignore"), open_image(self._root / path) as image:
                size = image.size
                image.draft("RGB", _DECODED)
                pixels = np.asarray(image.convert("RGB"))
                grey, least = pixels.max(axis=2), pixels.min(axis=2)
                coarse = thumbnail(image).reshape(SIDE // 2, 2, SIDE // 2, 2).mean(axis=(1, 3))
                return _Look(
                    coarse.ravel(), size, bool((grey != least).any()), len(np.unique(grey))
                )
        except Exception:  # on hostile bytes Pillow's plugins raise nearly anything
            return None

    def same(self, first: str, second: str, not_as: str) -> bool:
        """Whether two files show the same picture, and the first is less like a third.

        What one camera sees of one thing after another is all alike, and yet not the same.
        """
        likeness = self._likeness(first, second)
        return likeness == 1 or (
            likeness > _CORRELATION
            and (not_as == second or likeness > self._likeness(first, not_as))
        )

    def _likeness(self, first: str, second: str) -> float:
        one, two = self.look(first), self.look(second)
        if one is None or two is None:
            return 0.0
        if np.array_equal(one.thumbnail, two.thumbnail):
            return 1.0
        if one.thumbnail.std() == 0 or two.thumbnail.std() == 0:
            return 0.0
        return float(np.corrcoef(one.thumbnail, two.thumbnail)[0, 1])

    def masks(self, image: str, mask: str) -> bool:
        """Whether the second file is a drawing of a few values over the first."""
        one, two = self.look(image), self.look(mask)
        return bool(
            one is not None
            and two is not None
            and two.n_values <= _MASK_VALUES < one.n_values
            and np.isclose(one.size[0] * two.size[1], one.size[1] * two.size[0], rtol=0.02)
        )


def drop_twins(tree: Tree, base: str, folders: list[str], eyes: Eyes) -> dict[str, Reason]:
    """Find those of some sibling folders that repeat the images of another, or of all of them.

    Names settle nothing here but which images are compared: a folder goes only if a sample of its
    images shows the same as those of equal names, or is a mask of them.

    Parameters
    ----------
    tree : Tree
    base : str
        The folder they lie in.
    folders : list of str
        Sub-folders with images.
    eyes : Eyes

    Returns
    -------
    dict of str to Reason
        The folders to leave out.
    """
    if not 2 <= len(folders) <= MOST_FOLDERS:
        return {}
    names = {folder: tree.relative(folder) for folder in folders}
    whole = tree.names(base)
    found = {
        folder: reason
        for folder in folders
        if (reason := _twin(_pairs(whole, names[folder]), eyes)) is not None
    }
    for one, two in combinations(sorted(names), 2):
        if one in found or two in found:
            continue
        if _pairs(names[one], names[two]) or _pairs(names[two], names[one]):
            # The richer stays: what goes is the grey or the small one.
            kept, other = sorted((one, two), key=lambda folder: _rank(names[folder], eyes))
            reason = _twin(_pairs(names[kept], names[other]), eyes)
            if reason is not None:
                found[other] = reason
    return found


def masks_beside(tree: Tree, eyes: Eyes) -> dict[str, Reason]:
    """Find images that lie beside the one they are the mask of: ``1.png`` and ``1_mask.png``."""
    found: dict[str, Reason] = {}
    for paths in tree.images.values():
        images = {path.rpartition(".")[0]: path for path in paths}
        pairs = [
            (images[match[1]], path)
            for stem, path in images.items()
            if (match := _MASK_NAME.fullmatch(stem)) and match[1] in images
        ]
        if pairs and all(eyes.masks(*pair) for pair in _sampled(pairs)):
            found |= dict.fromkeys((mask for _, mask in pairs), Reason.MASK)
    return found


def _sampled(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return pairs[:: max(1, len(pairs) // _SAMPLE)][:_SAMPLE]


def _rank(names: Mapping[str, str], eyes: Eyes) -> tuple[bool, int, int, int]:
    """Order folders: photographs before masks, colour before grey, large before small."""
    look = eyes.look(next(iter(names.values())))
    if look is None:
        return (True, 0, 0, 0)
    few = look.n_values <= _MASK_VALUES
    return (few, -look.coloured, -look.size[0] * look.size[1], -len(names))


def _pairs(kept: Mapping[str, str], other: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pair the files of equal names, or whose name is the other's with something behind it."""
    least = _SHARE * len(other)
    pairs = [(kept[name], path) for name, path in other.items() if name in kept]
    if len(pairs) < least and _first_of(kept, next(iter(other))) is not None:
        found = ((_first_of(kept, name), path) for name, path in other.items())
        pairs = [(one, path) for one, path in found if one is not None]
    return pairs if len(pairs) >= max(least, 1) else []


def _first_of(kept: Mapping[str, str], name: str) -> str | None:
    """Look a name up, shortened by one to three of its parts."""
    return next((kept[stem] for stem in _shortened(name) if stem in kept), None)


def _shortened(name: str) -> Iterable[str]:
    for _ in range(3):
        name = re.sub(r"[ _.\-]+[^ _.\-/]*$", "", name)
        yield name


def _twin(pairs: list[tuple[str, str]], eyes: Eyes) -> Reason | None:
    if not pairs:
        return None
    sample = _sampled(pairs)
    if all(eyes.masks(path, other) for path, other in sample):
        return Reason.MASK
    if all(_UNIQUE.match(basename(path)) for path, _ in sample):
        return Reason.AGAIN
    others = [other for _, other in sample[1:] + sample[:1]]
    same = zip(sample, others, strict=True)
    return Reason.AGAIN if all(eyes.same(*pair, not_as=other) for pair, other in same) else None
