"""Where a folder can be read in more than one way, the user is asked and shown every reading."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from metallmix_kedro.images.layout.pattern import Pattern, covering, read_names
from metallmix_kedro.images.layout.structure import Structure
from metallmix_kedro.images.layout.tables import agrees, find_tables
from metallmix_kedro.images.layout.tree import Tree
from metallmix_kedro.support import InputError

ENTRY = "the dataset's entry of data_ingestion.registry"
"""Where a registered dataset's layout is set."""

_SHOWN_CLASSES = 6
_SHOWN_TABLES = 2


def refuse_doubt(
    root: Path | None,
    files: Sequence[str],
    tree: Tree,
    structure: Structure,
    classes: Mapping[str, str],
    where: str,
) -> None:
    """Raise `InputError` if there is another reading, naming each with its parameter.

    Parameters
    ----------
    root : Path or None
        The dataset's folder; None: no table is read.
    files : sequence of str
        All files in it, relative.
    tree : Tree
    structure : Structure
        How the folders look.
    classes : dict of str to str
        Image to class, by that structure.
    where : str
        The place of ``layout`` and ``labels_csv`` among the parameters.
    """
    options, sure = list(structure.options), len(set(classes.values())) > 1
    if not sure or options:
        options += _by_names(tree, structure)
    tables = [] if root is None else find_tables(root, files)
    if sure and not structure.options:
        verdicts = [agrees(table, classes) for table in tables]
        if True in verdicts or False not in verdicts:
            return
        options = [covering(structure.roots)]
    offers = [_offer(layout, tree) for layout in options]
    offers += [table.offer() for table in tables[:_SHOWN_TABLES]]
    if offers:
        ways = "can be read in more than one way" if len(offers) > 1 else "has no sure reading"
        raise InputError(f"the folder {ways}. Set, in {where}: {'; or '.join(offers)}.")


def _by_names(tree: Tree, structure: Structure) -> Iterator[str]:
    """Read the classes off the file names of the folder that has most images."""
    for folder in sorted(tree.images, key=lambda one: -len(tree.images[one])):
        text = read_names(tree.images[folder], folder)
        if text is not None and structure.why_left_out(folder) is None:
            yield text
            return


def _offer(layout: str, tree: Tree) -> str:
    names = map(Pattern(layout).class_of, tree.below[""])
    return f"layout: {layout} ({counted(Counter(name for name in names if name is not None))})"


def counted(counts: Mapping[str, int], most: int = _SHOWN_CLASSES) -> str:
    """Say how many classes there are, and how many images they have, the largest first."""
    shown = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    names = ", ".join(f"{name} {count:,}" for name, count in shown[:most])
    more = f", and {len(shown) - most} more" if len(shown) > most else ""
    unit = "class" if len(shown) == 1 else "classes"
    return f"{len(shown)} {unit}, {sum(counts.values()):,} images: {names}{more}"
