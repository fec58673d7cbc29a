"""Claims of direction and of rank: what raises the score, what is higher than what."""

import re
from collections.abc import Callable

from metallmix_kedro.explanation.english.claims import Mention, Sentence
from metallmix_kedro.explanation.english.subjects import (
    Grounds,
    contributions,
    feature_before,
    group_of,
    subject_groups,
)
from metallmix_kedro.explanation.facts import CONTRIBUTION, SCORE

Finding = tuple[str | None, str | None]
"""The evidence that supports a claim, or the note that says why none does."""

_OTHERS = re.compile(r"\b(?:other|others|alternatives?|rest|remaining)\b", re.I)
_UPWARD = frozenset({"HIGHER", "HIGHEST", "BETTER", "BEST", "SLOWER", "SLOWEST"})
_FIXED_QUANTITY = {
    "BETTER": SCORE,
    "BEST": SCORE,
    "WORSE": SCORE,
    "WORST": SCORE,
    "FASTER": "time",
    "SLOWER": "time",
    "FASTEST": "time",
    "SLOWEST": "time",
}


def check_direction(word: Mention, sentence: Sentence, grounds: Grounds) -> Finding:
    """Check that a feature's contribution has the sign that a sentence gives it."""
    if sentence.of("negation"):
        return None, "a negated claim cannot be checked"
    named = feature_before(word.start, sentence, anywhere=True)
    if named is None:
        return None, "does not say which hyperparameter or meta-feature it speaks of"
    group = group_of(word, sentence)
    subjects = [grounds.resolve(mention) for mention in group] or [grounds.chosen_ref, "shap"]
    feature, level = named
    found = contributions(subjects, feature, level, grounds)
    if not found:
        return None, f"the evidence has no contribution of {feature} there"
    wanted = 1 if word.kind == "raising" else -1
    wrong = [fact for fact in found if fact.value * wanted <= 0]
    if wrong:
        return None, f"{wrong[0].ref} is {wrong[0].value:+.3f}"
    return found[0].ref, None


def check_comparison(word: Mention, sentence: Sentence, grounds: Grounds) -> Finding:
    """Check that something is higher, better or faster than something else, or the most so."""
    if sentence.of("negation"):
        return None, "a negated claim cannot be checked"
    quantity = _quantity(word, sentence)
    if quantity is None:
        return None, "does not say what is compared"
    left = [grounds.resolve(mention) for mention in _left(word, sentence)]
    if not left:
        return None, "does not say what is compared with what"
    if quantity == CONTRIBUTION:
        return _strongest_contribution(word, sentence, left, grounds)
    superlative = word.value.endswith("EST") or word.value == "WORST"
    right = _others(left, grounds) if superlative else _right(word, sentence, left, grounds)
    if not right:
        return None, "does not say what is compared with what"
    return _holds(word.value, quantity, left, right, grounds)


def check_role(mention: Mention, sentence: Sentence, grounds: Grounds) -> Finding:
    """Check that the candidate spoken of has the role it is given."""
    subjects = [grounds.resolve(other) for other in group_of(mention, sentence)]
    for subject in subjects or [grounds.chosen_ref]:
        roles = [c.roles for c in grounds.evidence.candidates if c.ref == subject]
        if not roles or mention.value not in roles[0]:
            return None, f"{subject} has not the role {mention.value}"
    return f"{(subjects or [grounds.chosen_ref])[0]}.roles", None


def check_similar(sentence: Sentence, grounds: Grounds) -> Finding:
    """Check that what is called most similar is the trial of the smallest distance."""
    trials = {trial.ref: trial for trial in grounds.evidence.trials}
    named = [other.value for other in sentence.of("subject") if other.value in trials]
    if not named:
        return ("trials", None) if trials else (None, "the evidence has no trials")
    nearest = min(trial.distance for trial in trials.values())
    # Of several trials named, as in "the most similar trials T1 to T3", the first must be it.
    if trials[named[0]].distance > nearest:
        return None, f"{named[0]} is not the trial of the smallest distance"
    return f"{named[0]}.distance", None


def _quantity(word: Mention, sentence: Sentence) -> str | None:
    """Return what is compared: by the word itself, else by the label nearest after, or before."""
    labels = [(mention, mention.quantities[0]) for mention in sentence.of("label")]
    after = [name for mention, name in labels if mention.start >= word.end]
    before = [name for mention, name in labels if mention.end <= word.start]
    adjacent = [
        name
        for mention, name in labels
        if re.fullmatch(r"[\s\w]{0,20}", sentence.text[word.end : mention.start])
    ]
    if word.value in _FIXED_QUANTITY:
        fixed = _FIXED_QUANTITY[word.value]
        strength = word.text.casefold().startswith(("strong", "weak"))
        return CONTRIBUTION if strength or CONTRIBUTION in adjacent[:1] else fixed
    near = [*after[:1], *before[-1:]]
    return near[0] if near else None


def _left(word: Mention, sentence: Sentence) -> list[Mention]:
    groups = subject_groups(sentence)
    before = [group for group in groups if group[-1].end <= word.start]
    if before:
        return before[-1]
    after = [group for group in groups if group[0].start >= word.end]
    return after[0] if after and not re.search(r"\bthan\b", sentence.text) else []


def _right(word: Mention, sentence: Sentence, left: list[str], grounds: Grounds) -> list[str]:
    after = [group for group in subject_groups(sentence) if group[0].start >= word.end]
    if after:
        return [grounds.resolve(mention) for mention in after[0]]
    return _others(left, grounds) if _OTHERS.search(sentence.text, word.end) else []


def _others(left: list[str], grounds: Grounds) -> list[str]:
    """Return all of the same kind, candidates or trials, but those compared."""
    kind = left[0][:1]
    return [ref for ref in grounds.configurations if ref[:1] == kind and ref not in left]


def _holds(
    comparison: str, quantity: str, left: list[str], right: list[str], grounds: Grounds
) -> Finding:
    upward = comparison in _UPWARD
    superlative = comparison.endswith("EST") or comparison == "WORST"
    for one in left:
        for other in right:
            mine, theirs = grounds.of(one, quantity), grounds.of(other, quantity)
            if not (mine and theirs):
                return None, f"the evidence has no {quantity} of {one} and {other}"
            gap = (mine[0].value - theirs[0].value) * (1 if upward else -1)
            if gap < 0 or (gap == 0 and not superlative):
                return None, f"{mine[0].ref} against {theirs[0].ref} says otherwise"
    return f"{left[0]}.{quantity}", None


def _strongest_contribution(
    word: Mention, sentence: Sentence, subjects: list[str], grounds: Grounds
) -> Finding:
    named = feature_before(len(sentence.text), sentence)
    rank: Callable[..., float] = min if word.value not in _UPWARD else max
    if named is None or len(subjects) != 1:
        return None, "does not say which contribution it speaks of"
    every = grounds.of(subjects[0], CONTRIBUTION)
    found = contributions(subjects, *named, grounds)
    if not found or abs(found[0].value) != rank(abs(fact.value) for fact in every):
        return None, "another contribution of the evidence is stronger or weaker"
    return found[0].ref, None
