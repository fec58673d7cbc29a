"""Every number, name and comparison of an explanation, checked against the evidence.

The check is strict: what the evidence does not plainly support counts as unsupported, also if it
might be true. What is removed by mistake is only prose; what is kept by mistake would be a false
reason.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.explanation.english import wording
from metallmix_kedro.explanation.english.claims import Mention, Sentence, read_sentence, sentences
from metallmix_kedro.explanation.english.comparisons import (
    Finding,
    check_comparison,
    check_direction,
    check_role,
    check_similar,
)
from metallmix_kedro.explanation.english.number_checks import check_number
from metallmix_kedro.explanation.english.subjects import (
    Grounds,
    contributions,
    group_of,
    has_values,
    speaks_of_history,
    speaks_of_trials,
    split_value,
)
from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.references import braces, fill_references

MAX_SENTENCE_CHARS = 500
"""A longer sentence is not read: nobody could follow it, and reading it takes time."""

MIN_SENTENCE_WORDS = 3
"""A fragment explains nothing."""

ClaimKind = Literal["number", "name", "comparison", "language", "reference"]


class Check(BaseModel):
    """One claim of an explanation and what the evidence says to it.

    ``evidence`` names the piece that supports the claim, for example ``"C1.score"``; ``note``
    says what is wrong with a claim that is not supported. A sentence with an unsupported claim is
    removed from the explanation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: str
    kind: ClaimKind
    found: str
    supported: bool
    evidence: str | None = None
    note: str | None = None


def check_explanation(text: str, evidence: Evidence, chosen_ref: str) -> list[Check]:
    """Check every number, name, direction and comparison of an explanation.

    Numbers have to agree with a number of what the sentence speaks of, to the precision they are
    printed in; names have to stand in the evidence and, where a candidate or trial is spoken of,
    to be its own; what is said to be higher, better or faster has to be so.

    Parameters
    ----------
    text : str
        English prose.
    evidence : Evidence
    chosen_ref : str
        Reference of the candidate that is explained.

    Returns
    -------
    list of Check
        In the order of the text; empty if nothing checkable is said.
    """
    grounds = Grounds(evidence, chosen_ref)
    names = wording.vocabulary(evidence)
    checks: list[Check] = []
    for part in sentences(wording.normalise(text)):
        if len(part) > MAX_SENTENCE_CHARS:
            checks.append(_too_long(part))
            continue
        checks.extend(_check_sentence(read_sentence(part, names), grounds))
    return checks


def fill_and_check(text: str, evidence: Evidence, chosen_ref: str) -> tuple[str, list[Check]]:
    """Fill the references of an explanation, then check all it says.

    Parameters
    ----------
    text : str
        English prose with references such as ``{C1.accuracy}``, as a model wrote it.
    evidence : Evidence
    chosen_ref : str

    Returns
    -------
    str
        The filled text, a sentence a line.
    list of Check
        First the references that were filled, then every claim of the filled text. A reference
        to nothing, or in a place where such a value cannot stand, is an unsupported claim of its
        sentence.
    """
    lines: list[str] = []
    checks: list[Check] = []
    for part in sentences(wording.normalise(text)):
        line, filled = fill_references(part, evidence, chosen_ref)
        line = wording.normalise(line if line[-1] in ".!?" else f"{line}.")
        if line in lines:
            continue  # Small models repeat themselves.
        lines.append(line)
        checks += [
            Check(
                sentence=line,
                kind="reference",
                found=f"{one.written} = {one.text}",
                supported=one.misplaced is None,
                evidence=one.evidence,
                note=one.misplaced,
            )
            for one in filled
        ]
    whole = "\n".join(lines)
    return whole, [*checks, *check_explanation(whole, evidence, chosen_ref)]


def keep_supported(text: str, checks: Iterable[Check]) -> tuple[str, float]:
    """Drop the sentences that hold an unsupported claim.

    Returns
    -------
    str
        The sentences that stay, joined by spaces.
    float
        Their share of all sentences, in [0, 1]; 0 for an empty text.
    """
    failed = {check.sentence for check in checks if not check.supported}
    every = sentences(wording.normalise(text))
    kept = [sentence for sentence in every if sentence not in failed]
    return " ".join(kept), len(kept) / len(every) if every else 0.0


def _too_long(sentence: str) -> Check:
    note = f"longer than {MAX_SENTENCE_CHARS} characters"
    return Check(
        sentence=sentence, kind="language", found=sentence[:40], supported=False, note=note
    )


def _check_sentence(sentence: Sentence, grounds: Grounds) -> Iterator[Check]:
    yield from _language(sentence)
    for left in braces(sentence.text):
        yield _check(sentence, "reference", left, (None, "refers to nothing in the evidence"))
    for mention in sentence.mentions:
        kind, finding = _check_mention(mention, sentence, grounds)
        if kind is not None:
            yield _check(sentence, kind, mention.text, finding)
    for number in sentence.numbers:
        yield _check(sentence, "number", number.text, check_number(number, sentence, grounds))


def _check(sentence: Sentence, kind: ClaimKind, found: str, finding: Finding) -> Check:
    ref, note = finding
    return Check(
        sentence=sentence.text,
        kind=kind,
        found=found,
        supported=ref is not None,
        evidence=ref,
        note=note,
    )


def _language(sentence: Sentence) -> Iterator[Check]:
    """Report a sentence that these rules cannot read."""
    text = sentence.text
    for mention in sentence.of("dataset"):
        text = text[: mention.start] + " " * len(mention.text) + text[mention.end :]
    if len(re.findall(r"[^\W_]+", sentence.text)) < MIN_SENTENCE_WORDS:
        yield _check(sentence, "language", sentence.text, (None, "not a sentence"))
        return
    words = re.findall(r"[^\W\d_]+", text)
    foreign = [word for word in words if not _is_latin(word)]
    if foreign:
        yield _check(sentence, "language", foreign[0], (None, "not in the Latin script"))
    elif len(words) > 4 and not re.search(wording.ENGLISH, text, re.I):
        yield _check(sentence, "language", sentence.text[:40], (None, "not an English sentence"))


def _is_latin(word: str) -> bool:
    return all(unicodedata.name(sign, "LATIN").startswith("LATIN") for sign in word)


def _check_mention(
    mention: Mention, sentence: Sentence, grounds: Grounds
) -> tuple[ClaimKind | None, Finding]:
    match mention.kind:
        case "unknown_ref" | "unknown_name":
            return "name", (None, "does not stand in the evidence")
        case "uncheckable":
            return "comparison", (None, "nothing in the evidence could support this word")
        case "value":
            return "name", _check_value(mention, sentence, grounds)
        case "dataset":
            return "name", _check_dataset(mention, sentence, grounds)
        case "raising" | "lowering":
            return "comparison", check_direction(mention, sentence, grounds)
        case "comparison":
            return "comparison", check_comparison(mention, sentence, grounds)
        case "role":
            return "comparison", check_role(mention, sentence, grounds)
        case "similar":
            return "comparison", check_similar(sentence, grounds)
        case _:
            return None, (None, None)


def _check_value(mention: Mention, sentence: Sentence, grounds: Grounds) -> Finding:
    """Check that a backbone, strategy or optimizer belongs to whom it is said of."""
    value = split_value(mention)
    subjects = [grounds.resolve(other) for other in group_of(mention, sentence)]
    owners = [subject for subject in subjects if subject in grounds.configurations]
    if not subjects and not speaks_of_history(sentence):
        owners = [grounds.chosen_ref]
    for owner in owners:
        if not has_values(grounds.configurations[owner], [value]):
            return None, f"{owner} has not the {value[0]} {value[1]}"
    if owners:
        return f"{owners[0]}.{value[0]}", None
    of_trials = "shap" not in subjects and speaks_of_trials(sentence)
    known = [] if of_trials else contributions(["shap"], *value, grounds)
    if known:
        return known[0].ref, None
    for ref, configuration in grounds.configurations.items():
        if has_values(configuration, [value]) and (ref.startswith("T") or not of_trials):
            return f"{ref}.{value[0]}", None
    return None, "does not stand in the evidence"


def _check_dataset(mention: Mention, sentence: Sentence, grounds: Grounds) -> Finding:
    """Check that the trials spoken of were made on the dataset that is named with them."""
    datasets = {trial.ref: wording.shown_name(trial.dataset) for trial in grounds.evidence.trials}
    group = group_of(mention, sentence)
    for other in group:
        if datasets.get(other.value, mention.value) != mention.value:
            return None, f"{other.value} was made on {datasets[other.value]}"
    refs = [ref for ref, dataset in datasets.items() if dataset == mention.value]
    return f"{refs[0]}.dataset" if refs else "target.name", None
