"""What a number in a sentence measures."""

import re
from dataclasses import dataclass

from metallmix_kedro.explanation.english import wording
from metallmix_kedro.explanation.english.claims import Mention, Number, Sentence
from metallmix_kedro.explanation.facts import CONTRIBUTION

_LINK = re.compile(r"(?:\b(?:of|is|was|at)\b|[\s=:])*", re.I)
_EQUALS = re.compile(r"\s*(?:\b(?:of|is|was)\b|[=:])\s*", re.I)
_NOT_ADJECTIVES = re.compile(
    r"\b(?:and|or|with|of|in|on|for|to|by|the|a|from|than|while|but|is|was|at|over|across)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """The quantities a number may measure; times `factor` it is in the evidence's unit."""

    names: tuple[str, ...]
    factor: float = 1.0


def quantity_of(number: Number, sentence: Sentence) -> Quantity | None:
    """Say what a number measures, by the words around it.

    In this order: a label right before it (``accuracy of 0.9``), a unit or label right after it
    (``90 s``, ``0.9 accuracy``), a change (``raises ... by 0.1``), the last label before it, the
    first after it. None if the sentence names no quantity.
    """
    labels = sentence.of("label")
    before = [label for label in labels if label.end <= number.start]
    after = [label for label in labels if label.start >= number.end]
    unit = _unit(number, sentence)
    if unit is not None and unit.names == ("time",):
        said = before and _EQUALS.fullmatch(sentence.text[before[-1].end : number.start])
        # "An accuracy of 95 s" is neither an accuracy nor a time.
        return Quantity(()) if said and "time" not in _meaning(before[-1]).names else unit
    if before and _LINK.fullmatch(sentence.text[before[-1].end : number.start]):
        return _meaning(before[-1])
    if unit is not None:
        return unit
    if after and not sentence.text[number.end : after[0].start].strip():
        return _meaning(after[0])
    if _is_change(number, sentence):
        return Quantity((CONTRIBUTION,))
    nearest = before[-1:] or after[:1]
    return _meaning(nearest[0]) if nearest else None


def is_bound(number: Number, sentence: Sentence) -> bool:
    """Whether a number is said to be an end of an interval."""
    before, after = sentence.text[: number.start], sentence.text[number.end :]
    unit = r"\s*(?:%|s|seconds)?"
    return (
        re.search(r"\b(?:interval|range)\b", sentence.text, re.I) is not None
        or re.match(rf"{unit}\s*(?:to|-)\s*\d", after, re.I) is not None
        or re.search(rf"\d{unit}\s*(?:to|-)\s*$", before, re.I) is not None
        or re.search(
            r"\b(?:between|up to|at least|at most)\s+(?:[\d.]+%?\s+and\s+)?$", before, re.I
        )
        is not None
    )


def _meaning(label: Mention) -> Quantity:
    return Quantity(label.quantities)


def _unit(number: Number, sentence: Sentence) -> Quantity | None:
    rest = sentence.text[number.end : number.end + 60]
    for pattern, names, factor in wording.units():
        match = re.match(rf"[\s-]*(?:[a-z]+\s+){{0,2}}?(?:{pattern})(?![a-z])", rest, re.I)
        if match and not _NOT_ADJECTIVES.search(match[0]):
            return Quantity(names, factor)
    return None


def _is_change(number: Number, sentence: Sentence) -> bool:
    by = re.search(r"\bby\s*$", sentence.text[: number.start], re.I) is not None
    return by and any(m.end <= number.start for m in sentence.of("raising", "lowering"))
