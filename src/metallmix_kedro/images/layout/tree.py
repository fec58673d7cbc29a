"""The folders of a listing, with the images below each of them."""

import re
from collections import defaultdict
from collections.abc import Iterable
from posixpath import dirname, splitext

from metallmix_kedro.images.layout.listing import Listing
from metallmix_kedro.images.reasons import IMAGE_SUFFIXES

STRAY = 0.1
"""Images beside sub-folders are strays if there are fewer than this share of those below."""


def key(name: str) -> str:
    """Reduce a name to what is compared: without case, spaces, underscores, hyphens."""
    return re.sub(r"[\s_\-]+", "", name).casefold() or name


def images_of(files: Iterable[str]) -> list[str]:
    """Return those that end like images."""
    return [path for path in files if path.lower().endswith(IMAGE_SUFFIXES)]


class Tree:
    """Folders with their sub-folders and images.

    Parameters
    ----------
    listing : Listing
        What lies in the dataset's folder.
    """

    def __init__(self, listing: Listing) -> None:
        self.images: dict[str, list[str]] = defaultdict(list)
        self.all_children: dict[str, list[str]] = defaultdict(list)
        self.below: dict[str, list[str]] = defaultdict(list)
        for folder in listing.folders:
            self.all_children[dirname(folder)].append(folder)
        # Some archives have images without endings: IM0001.
        for path in images_of(listing.files) or listing.files:
            folder = dirname(path)
            self.images[folder].append(path)
            self.below[folder].append(path)
            while folder:
                folder = dirname(folder)
                self.below[folder].append(path)

    def children(self, folder: str) -> list[str]:
        """Sub-folders that have images at any depth."""
        return [one for one in self.all_children[folder] if self.below[one]]

    def is_passed_through(self, folder: str) -> bool:
        """Whether a folder only holds other folders; a few stray images do not count."""
        return len(self.images[folder]) <= STRAY * len(self.below[folder])

    def step_in(self, folder: str) -> str:
        """Go down while there is one sub-folder that itself only holds folders."""
        while len(children := self.children(folder)) == 1:
            (only,) = children
            deeper = self.children(only)
            if not deeper or not self.is_passed_through(only) or not self._wraps(folder, only):
                break
            folder = only
        return folder

    def _wraps(self, folder: str, only: str) -> bool:
        return not self.images[folder] or len(self.children(only)) > 1

    def innermost(self, folder: str) -> str:
        """Go down as long as there is nothing but one sub-folder."""
        while not self.images[folder] and len(children := self.children(folder)) == 1:
            (folder,) = children
        return folder

    def relative(self, folder: str) -> dict[str, str]:
        """Images below a folder, as `names` has them from its `innermost`."""
        return self.names(self.innermost(folder))

    def names(self, folder: str) -> dict[str, str]:
        """Images below a folder: path from there, without the ending, to path."""
        skip = len(folder) + 1 if folder else 0
        return {splitext(path[skip:])[0]: path for path in self.below[folder]}
