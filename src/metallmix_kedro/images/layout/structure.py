"""Which folders are the classes of a dataset: by what repeats, not by what it is called.

Sub-folders of equal names below several siblings are either the classes of several parts (train,
test) or kinds within several classes (left, right): names only break that tie, and where they do
not, the user is asked.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import basename, dirname, join

from metallmix_kedro.images.layout.pattern import covering
from metallmix_kedro.images.layout.tree import Tree, key
from metallmix_kedro.images.layout.twins import Eyes, drop_twins, masks_beside
from metallmix_kedro.images.reasons import Reason

_PARTS = re.compile(
    r"(train|training|trn|test|testing|tst|val|valid|validation|eval|evaluation|dev|pred|predict"
    r"|prediction|holdout|query|gallery|unlabell?ed)\d*|(part|fold|split|batch|set|shard|images)\d+"
)
_KINDS = re.compile(
    r"(image|img|mask|label|annotation|segmentation|overlay|original|raw|grey|gray)s?"
)


@dataclass(frozen=True, slots=True)
class Structure:
    """Where the class folders lie.

    Parameters
    ----------
    roots : tuple of str
        The folders that hold the class folders, relative to the dataset's folder.
    names : dict of str to str
        Class by the name of its folder: parts may spell one class in two ways.
    left_out : dict of str to Reason
        Folders and files that do not count.
    options : tuple of str
        Layouts if there is a choice among them, which only the user can make; else empty.
    note : str
        What else the folders might mean; empty if there is nothing to say.
    """

    roots: tuple[str, ...]
    names: Mapping[str, str]
    left_out: Mapping[str, Reason] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    note: str = ""

    def class_of(self, path: str) -> str | Reason | None:
        """Return a file's class, why its folder does not count, or None outside all of them."""
        if (reason := self.why_left_out(path)) is not None:
            return reason
        for root in self.roots:
            inside = path.removeprefix(f"{root}/") if root else path
            if (inside != path or not root) and "/" in inside:
                return self.names.get(inside.split("/", 1)[0])
        return None

    def why_left_out(self, path: str) -> Reason | None:
        """Return why a file, or one of the folders it lies in, does not count; None if all do."""
        while self.left_out and path:
            if path in self.left_out:
                return self.left_out[path]
            path = dirname(path)
        return None

    def notes(self) -> Iterator[str]:
        """Say what the user should know of how the folders are read."""
        if self.note:
            yield self.note
        if len(self.roots) > 1:
            yield (
                f"The folders {', '.join(self.roots)} are taken as parts of one dataset; the "
                "classes are their sub-folders."
            )


def find_structure(tree: Tree, eyes: Eyes) -> Structure:
    """Find the class folders: one sub-folder a class, whatever lies deeper belongs to it.

    A folder that only wraps another one is stepped into. Folders that repeat the images of another
    (a copy, grey, scaled, masks) are left out. Siblings that hold the same class folders are joined
    if they are called like parts of a dataset; the folds are made anew. Masks that lie beside
    their images are left out too.
    """
    found = _read(tree, "", eyes)
    return replace(found, left_out={**found.left_out, **masks_beside(tree, eyes)})


def _read(tree: Tree, folder: str, eyes: Eyes) -> Structure:
    base = tree.step_in(folder)
    left_out = drop_twins(tree, base, tree.children(base), eyes)
    children = [one for one in tree.children(base) if one not in left_out]
    if left_out and len(children) == 1 and tree.children(children[0]):
        found = _read(tree, children[0], eyes)  # what the others repeat
        return replace(found, left_out={**left_out, **found.left_out})
    inner = {
        one: _read(tree, one, eyes)
        for one in children
        if tree.is_passed_through(one) and tree.children(one)
    }
    shared = Counter(key(name) for one in inner.values() for name in set(one.names))
    for one in [one for one, found in inner.items() if len(found.names) == 1]:
        if shared[key(next(iter(inner[one].names)))] == 1:
            del inner[one]  # test/test: a folder in a folder, no class
    found = _choose(tree, base, children, inner)
    return replace(found, left_out={**left_out, **found.left_out})


def _choose(
    tree: Tree, base: str, children: list[str], inner: Mapping[str, Structure]
) -> Structure:
    """Decide between the sub-folders as classes and as parts that hold the classes."""
    here = _classes_here(tree, base, children, inner)
    like_parts = [one for one in children if _is_like(_PARTS, one)]
    structured = [one for one in like_parts if one in inner]
    sharing = _sharing(inner)
    if len(sharing) >= 2:
        if len(set(like_parts) & set(sharing)) >= 2:
            parts = [one for one in inner if one in sharing or one in like_parts]
            return _joined(children, parts, inner)
        below = _joined(children, sharing, inner)
        if _are_kinds(sharing, inner) or len(set(below.names.values())) < 2:
            return here
        return _ask(here, below)
    if structured and len(structured) == len(inner):
        return _joined(children, structured, inner)
    if len(inner) == 1 < len(children) and len(next(iter(inner.values())).names) > 1:
        return _ask(here, _joined(children, list(inner), inner))
    if len(children) > 1 and like_parts == children:
        return replace(here, options=(covering(here.roots),))
    return replace(here, note=here.note or _doubtful_classes(like_parts))


def _doubtful_classes(like_parts: Iterable[str]) -> str:
    names = ", ".join(map(basename, like_parts))
    return names and (
        f"{names}: called like a part of a dataset, and counted as a class, since beside it are "
        "classes and no parts. If it is none, move it elsewhere, or leave it out by class_map."
    )


def _sharing(inner: Mapping[str, Structure]) -> list[str]:
    """Return the folders that hold at least half of another's class names."""
    keys = {one: {key(name) for name in found.names} for one, found in inner.items()}
    return [
        one
        for one in keys
        if any(2 * len(keys[one] & keys[two]) >= min(len(keys[one]), len(keys[two])) for two in keys
               if two != one)
    ]  # fmt: skip


def _is_like(words: re.Pattern[str], folder: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", basename(folder))
    tokens = re.findall(r"[A-Za-z]+[\W_]?\d*|\d+", spaced.replace("_", " "))
    return any(words.fullmatch(re.sub(r"\W", "", one).lower()) for one in tokens)


def _are_kinds(sharing: Iterable[str], inner: Mapping[str, Structure]) -> bool:
    names = [name for one in sharing for name in inner[one].names]
    return all(_is_like(_KINDS, name) or _is_like(_PARTS, name) for name in names)


def _classes_here(
    tree: Tree, base: str, children: list[str], inner: Mapping[str, Structure]
) -> Structure:
    empty = [one for one in tree.all_children[base] if not tree.below[one]]
    names = {basename(one): basename(one) for one in (*children, *empty)}
    repeated = {
        folder: reason
        for found in inner.values()
        for folder, reason in found.left_out.items()
        if reason is not Reason.BESIDE
    }
    deeper = Counter(name for found in inner.values() for name in found.names)
    note = ""
    told = _are_kinds(inner, inner)  # nobody takes train, test or images for classes
    if len(deeper) > 1 and not told and all(one in inner for one in children):
        shown = ", ".join(sorted(deeper)[:3])
        note = (
            f"Sub-folders of the classes ({shown}{', ...' if len(deeper) > 3 else ''}) are not "
            f"taken as classes; if they are, set layout to {join(base, 'ANY/CLASS/')}."
        )
    return Structure((base,), names, repeated, note=note)


def _joined(children: list[str], parts: list[str], inner: Mapping[str, Structure]) -> Structure:
    """Join the classes of several parts; the first to name a class says how it is written."""
    spelled: dict[str, str] = {}
    names: dict[str, str] = {}
    for part in parts:
        for folder, name in inner[part].names.items():
            names[folder] = spelled.setdefault(key(name), name)
    left_out = {one: Reason.BESIDE for one in children if one not in parts}
    for part in parts:
        left_out |= inner[part].left_out
    doubts = [inner[part].options for part in parts if inner[part].options]
    options = tuple(covering(layouts, end="") for layouts in zip(*doubts, strict=False))
    roots = tuple(sorted(root for part in parts for root in inner[part].roots))
    return Structure(roots, names, left_out, options)


def _ask(here: Structure, below: Structure) -> Structure:
    return replace(here, options=(covering(here.roots), covering(below.roots)))
