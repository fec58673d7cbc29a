"""A labelled set to judge the judge by: good explanations, and the same ones damaged."""

import json
import random
import re
from collections.abc import Callable, Iterator

from metallmix_kedro.explanation import (
    Evidence,
    check_explanation,
    explain_from_attributions,
    sentences,
)

COMPUTED = ("sign_flipped", "value_changed", "trial_invented", "joined_falsely")
"""Damage to consistency, which is computed and which a judge is not asked about."""

JUDGED = ("section_missing", "padded", "shuffled_words", "broken_json")
"""Damage to completeness, conciseness and fluency, which a judge has to see."""

KINDS = ("good", *COMPUTED, *JUDGED)
"""What an explanation of the labelled set can be."""

_FILLERS = (
    "This is worth saying again, because it cannot be said often enough.",
    "As was already mentioned above, the choice was made with great care.",
    "It should be noted that it is important to note this.",
    "In other words, what was said before is what is meant here.",
)


def labelled_set(evidence: Evidence, n_good: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Make good explanations of the first candidates, and of each all kinds of damage.

    Parameters
    ----------
    evidence : Evidence
    n_good : int
        How many at most; there are not more than candidates.
    seed : int
        Of what is damaged where.

    Yields
    ------
    str
        Reference of the candidate.
    str
        One of `KINDS`.
    str
        The explanation.
    """
    for ref in [one.ref for one in evidence.candidates[:n_good]]:
        good = explain_from_attributions(evidence, ref).text
        yield ref, "good", good
        generator = random.Random(f"{seed} {ref}")  # noqa: S311 (nothing secret)
        damaged = {kind: damage(good, generator) for kind, damage in DAMAGES.items()}
        damaged["joined_falsely"] = join_falsely(good, generator, evidence, ref)
        yield from ((ref, kind, text) for kind, text in damaged.items() if text != good)


def join_falsely(text: str, generator: random.Random, evidence: Evidence, ref: str) -> str:
    """Say of the candidate what is true of another one: the contribution of a value it has not."""
    every = [
        part.replace(other.ref, ref)
        for other in evidence.candidates
        for part in sentences(explain_from_attributions(evidence, other.ref).text)
        if part.startswith("In ")
    ]
    foreign = [one for one in every if not check_explanation(one, evidence, ref)[0].supported]
    return f"{text} {generator.choice(foreign)}" if foreign else text


def flip_sign(text: str, generator: random.Random) -> str:
    """Give one contribution the other sign."""
    return _with_one_changed(
        text, r"[+-](?=\d\.\d{3})", generator, lambda sign: "-" if sign == "+" else "+"
    )


def change_value(text: str, generator: random.Random) -> str:
    """Change one score by a tenth to a third."""

    def moved(score: str) -> str:
        value = float(score)
        return f"{value + generator.uniform(0.1, 0.33) * (1 if value < 0.5 else -1):.3f}"

    return _with_one_changed(text, r"(?<![\d+-])0\.\d{3}", generator, moved)


def _with_one_changed(
    text: str, pattern: str, generator: random.Random, change: Callable[[str], str]
) -> str:
    found = list(re.finditer(pattern, text))
    if not found:
        return text
    match = generator.choice(found)
    return f"{text[: match.start()]}{change(match[0])}{text[match.end() :]}"


def invent_trial(text: str, generator: random.Random) -> str:
    """Add a past trial that never was."""
    score = generator.uniform(0.9, 0.999)
    # A good explanation begins with what its candidate uses.
    configuration = sentences(text)[0].rstrip(".").partition(" uses ")[2]
    used = f"used {configuration} and " if configuration else ""
    return (
        f'{text} T{generator.randint(20, 99)} on "another_dataset" {used}scored {score:.3f} after '
        "a training time of 12 s."
    )


def drop_section(text: str, generator: random.Random) -> str:
    """Leave out everything but what is predicted, or everything but the past trials."""
    parts = sentences(text)
    halves = (parts[:2], parts[-1:])
    return " ".join(generator.choice(halves))


def pad(text: str, generator: random.Random) -> str:
    """Stretch it to three times its length with repetitions and empty sentences."""
    parts = sentences(text)
    padded = list(parts)
    while sum(map(len, padded)) + len(padded) < 3 * len(text):
        padded.insert(generator.randrange(1, len(padded) + 1), generator.choice(_FILLERS))
        padded.append(generator.choice(parts))
    return " ".join(padded)


def shuffle_words(text: str, generator: random.Random) -> str:
    """Put the words of every sentence in another order."""
    shuffled = []
    for part in sentences(text):
        words = part.rstrip(".").split()
        generator.shuffle(words)
        shuffled.append(" ".join(words) + ".")
    return " ".join(shuffled)


def break_json(text: str, generator: random.Random) -> str:
    """Show a reply's JSON that breaks off, instead of prose."""
    whole = json.dumps({"choice": "C1", "explanation": sentences(text)})
    return whole[: generator.randint(len(whole) // 2, len(whole) - 3)]


DAMAGES: dict[str, Callable[[str, random.Random], str]] = {
    "sign_flipped": flip_sign,
    "value_changed": change_value,
    "trial_invented": invent_trial,
    "section_missing": drop_section,
    "padded": pad,
    "shuffled_words": shuffle_words,
    "broken_json": break_json,
}
"""What is done to a text alone, by kind."""
