"""Which folders are the classes of a dataset."""

from collections import defaultdict
from dataclasses import dataclass

from metallmix_kedro.images.inspection import IMAGE_SUFFIXES
from metallmix_kedro.images.listing import Listing

SPLIT_NAMES = frozenset(
    {"train", "training", "test", "testing", "val", "valid", "validation", "eval", "dev"}
)
"""Folders of these names are parts of one dataset, not classes."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the class folders lie.

    Parameters
    ----------
    base : str
        The folder that holds them, relative to the root; empty for the root itself.
    parts : tuple of str
        The folders (train, test, ...) in `base` that each hold class folders; empty if there are
        none and `base` holds them itself.
    classes : tuple of str
        Names of the class folders, sorted.
    """

    base: str
    parts: tuple[str, ...]
    classes: tuple[str, ...]

    def class_of(self, path: str) -> str | None:
        """Return the class of a file by its relative path, or None outside every class folder."""
        for root in self.parts or (self.base,):
            inside = path.removeprefix(f"{root}/") if root else path
            if (inside != path or not root) and "/" in inside:
                return inside.split("/", 1)[0]
        return None


def find_layout(listing: Listing) -> Layout:
    """Find the class folders: one sub-folder a class, whatever lies deeper belongs to it.

    A folder that only wraps another one (as archives often have) is stepped into. Where all
    sub-folders are named like parts of a dataset (train, test, valid, ...) and hold sub-folders,
    those are the classes, and the parts are joined: the folds are made anew.
    """
    children: dict[str, list[str]] = defaultdict(list)
    for folder in listing.folders:
        children[_parent(folder)].append(folder)
    with_images = {_parent(path) for path in listing.files if path.lower().endswith(IMAGE_SUFFIXES)}
    base = ""
    while len(children[base]) == 1 and base not in with_images:
        (only,) = children[base]
        if only in with_images or not children[only]:
            break
        base = only
    parts = [folder for folder in children[base] if children[folder]]
    if parts and all(_name(folder).casefold() in SPLIT_NAMES for folder in children[base]):
        parts.sort()
    else:
        parts = []
    classes = {_name(folder) for root in parts or [base] for folder in children[root]}
    return Layout(base, tuple(parts), tuple(sorted(classes)))


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
