"""The reading a user asks for: a pattern of paths in which CLASS stands for the class."""

import re
from collections.abc import Iterable, Sequence

from metallmix_kedro.support import InputError

_WORDS = {"CLASS": "(?P<name>[^/]+?)", "ANY": "[^/]*?", "NUMBER": r"\d+"}
"""What stands for something else in a pattern: the class, any part of one name, digits."""

_WORD = re.compile(
    "((?<![A-Za-z])CLASS(?=NUMBER|[^A-Za-z]|$)|(?<![A-Za-z])ANY(?![A-Za-z])"
    "|(?:(?<![A-Za-z])|(?<=CLASS))NUMBER(?![A-Za-z]))"
)


class Pattern:
    """A pattern of relative paths.

    Parameters
    ----------
    text : str
        With ``CLASS`` once; ``ANY`` and ``NUMBER`` as often as wanted. ``train/CLASS/``: folders,
        whatever lies deeper belongs to them. ``images/CLASS_NUMBER``: file names, without their
        ending.

    Raises
    ------
    InputError
        If ``CLASS`` does not stand in it once.
    """

    def __init__(self, text: str) -> None:
        parts = _WORD.split(text.removeprefix("./").lstrip("/"))
        if parts.count("CLASS") != 1:
            raise InputError(
                f"layout = {text!r} is no layout: CLASS stands in it once, in place of the class; "
                "ANY stands for any part of a name, NUMBER for digits. 'ANY/CLASS/': the "
                "sub-folders of all folders; 'images/CLASS_NUMBER': beginnings of file names."
            )
        body = "".join(_WORDS.get(part, re.escape(part)) for part in parts)
        if "NUMBER" not in parts:
            body = body.replace("+?)", "+)")  # great_pyrenees_a is CLASS_ANY: the longest CLASS
        end = ".+" if text.endswith("/") else r"(\.[^./]*)?"
        self.text = text
        self._expression = re.compile(body + end)

    def class_of(self, path: str) -> str | None:
        """Return the class of a file by its relative path, or None where the pattern is not met."""
        match = self._expression.fullmatch(path)
        return match["name"] if match else None


def covering(roots: Sequence[str], differing: str = "ANY", end: str = "CLASS/") -> str:
    """Write the pattern of the class folders below some folders, or of some paths.

    Parameters
    ----------
    roots : sequence of str
        Relative paths; if they are of several depths, the first stands for all.
    differing : str
        What stands where they differ.
    end : str
        What follows; empty for nothing.
    """
    split = [root.split("/") if root else [] for root in roots]
    if len({len(parts) for parts in split}) != 1:
        split = split[:1]
    names = [level[0] if len(set(level)) == 1 else differing for level in zip(*split, strict=True)]
    return "/".join([*names, *([end] if end else [])])


def read_names(paths: Iterable[str], folder: str) -> str | None:
    """Find a pattern by which file names begin or end with a class.

    Parameters
    ----------
    paths : iterable of str
        Images that lie in `folder` itself.
    folder : str
        Relative to the root.

    Returns
    -------
    str or None
        A pattern that nearly all names meet and that gives at least two classes of several images.
    """
    paths = list(paths)
    for name in (
        "CLASS_NUMBER", "CLASS.NUMBER", "CLASS-NUMBER", "CLASS (NUMBER)", "CLASS NUMBER",
        "NUMBER_CLASS", "NUMBER-CLASS", "NUMBER CLASS", "CLASSNUMBER", "CLASS_ANY",
    ):  # fmt: skip
        pattern = Pattern(f"{folder}/{name}" if folder else name)
        found = [one for one in map(pattern.class_of, paths) if one is not None]
        classes = set(found)
        words = all(any(letter.isalpha() for letter in one) for one in classes)
        if words and len(found) >= 0.95 * len(paths) and 2 <= len(classes) <= len(found) / 2:
            return pattern.text
    return None
