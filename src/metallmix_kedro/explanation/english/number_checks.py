"""Whether a number in a sentence is one of the evidence, said of what it belongs to."""

import math
from collections.abc import Sequence

from metallmix_kedro.explanation.english.claims import Number, Sentence
from metallmix_kedro.explanation.english.comparisons import Finding
from metallmix_kedro.explanation.english.quantities import Quantity, is_bound, quantity_of
from metallmix_kedro.explanation.english.subjects import (
    Grounds,
    contributions,
    feature_before,
    implied_subjects,
    subjects_of_number,
)
from metallmix_kedro.explanation.facts import CONTRIBUTION, Fact, is_exact, is_share


def check_number(number: Number, sentence: Sentence, grounds: Grounds) -> Finding:
    """Check that a number agrees, to the digits printed, with one of what is spoken of.

    Returns
    -------
    tuple of (str or None, str or None)
        Where the number stands in the evidence, or what is wrong with it.
    """
    quantity = quantity_of(number, sentence)
    subjects = subjects_of_number(number, sentence, grounds)
    if not subjects and quantity is None:
        return None, "does not say what it measures, nor of what"
    if not subjects:
        implied = implied_subjects(sentence, grounds)
        found = _supporting(number, quantity, implied, sentence, grounds)
        return (found.ref, None) if found else (None, "the evidence has no such number there")
    first = None
    for subject in subjects:
        found = _supporting(number, quantity, _reach(subject, quantity), sentence, grounds)
        if found is None:
            return None, f"{subject} has no such number in the evidence"
        first = first or found
    return first.ref if first else None, None


def _reach(subject: str, quantity: Quantity | None) -> list[str]:
    """Return where a number said of a subject may stand.

    Counts belong to the evidence as a whole; a candidate is a candidate for the target.
    """
    if quantity is None:
        return [subject]
    return [subject, "list", *(["target"] if subject.startswith("C") else [])]


def _supporting(
    number: Number,
    quantity: Quantity | None,
    subjects: Sequence[str],
    sentence: Sentence,
    grounds: Grounds,
) -> Fact | None:
    """Return the first fact of these subjects that a number agrees with."""
    feature = feature_before(number.start, sentence)
    if feature is None:
        feature = feature_before(number.start, sentence, anywhere=True)
    for fact in grounds.facts:
        if fact.subject not in subjects:
            continue
        if quantity is not None and fact.quantity not in quantity.names:
            continue
        if fact.bound and not is_bound(number, sentence):
            continue
        if fact.quantity == CONTRIBUTION and not _same_feature(fact, feature, grounds):
            continue
        if _agrees(number, fact, quantity.factor if quantity else 1.0, sentence):
            return fact
    return None


def _same_feature(fact: Fact, feature: tuple[str, str | None] | None, grounds: Grounds) -> bool:
    """Whether a contribution is that of the feature a sentence speaks of."""
    if feature is None:
        return False
    return fact in contributions([fact.subject], *feature, grounds)


def _agrees(number: Number, fact: Fact, factor: float, sentence: Sentence) -> bool:
    """Whether a printed number is this fact, rounded to the digits that are printed."""
    if not math.isfinite(number.value) or (number.percent and not is_share(fact.quantity)):
        return False
    value, target = number.value * factor, fact.value
    if fact.quantity == CONTRIBUTION and not number.signed:
        if target < 0 and not sentence.of("lowering"):
            return False
        target = abs(target)
    coarse = number.whole and is_share(fact.quantity) and not number.percent
    if coarse or is_exact(fact.quantity):
        return math.isclose(value, target, rel_tol=1e-9)
    return abs(value - target) <= number.tolerance * factor * (1 + 1e-9) + 1e-12
