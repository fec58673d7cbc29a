"""Reading an explanation's sentences: which words and numbers stand where."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from metallmix_kedro.explanation.english import wording
from metallmix_kedro.explanation.english.wording import Vocabulary

Kind = Literal[
    "subject",  # value: a reference, "chosen", "target" or "shap"
    "unknown_ref",
    "dataset",
    "value",  # value: "feature=value"
    "label",  # value: the quantities it may mean, between commas
    "number",
    "raising",
    "lowering",
    "comparison",  # value: name of the wording's pattern, for example "HIGHER"
    "role",  # value: "best_on_average" or "surrogate_best"
    "similar",
    "uncheckable",
    "negation",
    "unknown_name",
]

_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)\s+|\n+")
_POWER = r"(?:\s*[x×*·]\s*10\s*(?:\^\s*|(?=[-+]))(?P<power>[-+]?\d{1,3})|\^(?P<bare>[-+]?\d{1,3}))?"
_NUMBER = re.compile(
    r"(?<![\w.])(?P<number>[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:(?<=\d)|(?=\.\d))(?:\.\d+)?"
    r"(?:[eE][-+]?\d{1,3})?)" + _POWER + r"(?P<percent>\s?(?:%|percent\b|percentage points?\b))?"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A word or phrase of a sentence that means something to the checks."""

    start: int
    end: int
    kind: Kind
    value: str
    text: str

    @property
    def quantities(self) -> tuple[str, ...]:
        """What a label may mean."""
        return tuple(self.value.split(","))


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is printed: its value, half a unit of its last digit, and its manner."""

    start: int
    end: int
    text: str
    value: float
    tolerance: float
    signed: bool
    percent: bool
    whole: bool


@dataclass(frozen=True)
class Sentence:
    """A sentence with all that was read in it, from left to right."""

    text: str
    mentions: tuple[Mention, ...]
    numbers: tuple[Number, ...]

    def of(self, *kinds: Kind) -> list[Mention]:
        """Return the mentions of these kinds, from left to right."""
        return [mention for mention in self.mentions if mention.kind in kinds]


def sentences(text: str) -> list[str]:
    """Split a normalised text into its sentences; list items count as sentences."""
    parts = (part.strip(" \t*-•#>") for part in _SENTENCE_END.split(text))
    return [part for part in parts if part]


def read_sentence(text: str, names: Vocabulary) -> Sentence:
    """Find everything in a sentence that claims something.

    What is read as a name is hidden from the search for numbers, so that the digits of
    ``EfficientNetB0`` or ``T3`` are not taken for values.
    """
    page = _Page(text)
    for dataset in names.datasets:
        page.take("dataset", dataset, rf'"{re.escape(dataset)}"')
    for mention in page.take("subject", "", r"\b[CT]\d+\b", flags=0):
        known = mention.text in names.refs
        page.replace(mention, "subject" if known else "unknown_ref", mention.text)
    for pattern, feature, value in names.values:
        page.take("value", f"{feature}={value}", rf"(?<![\w.]){pattern}(?![\w])")
    for dataset in names.unquoted_datasets:
        page.take("dataset", dataset, rf"(?<!\w){re.escape(dataset)}(?!\w)")
    page.take("role", "best_on_average", r"best[- ]on[- ]average")
    page.take("role", "surrogate_best", r"first choice")
    page.take("similar", "", r"most similar|closest|nearest")
    for subject, words in wording.SUBJECTS.items():
        page.take("subject", subject, rf"\b(?:{words})\b")
    for pattern, quantities in wording.labels():
        page.take("label", ",".join(quantities), rf"(?<![a-z])(?:{pattern})(?![a-z])")
    numbers = tuple(_numbers(page))
    for name, words in wording.COMPARISONS.items():
        page.take("comparison", name, rf"\b(?:{words})\b")
    for kind, words in wording.CLAIMS.items():
        page.take(kind, "", rf"\b(?:{words})\b")
    page.take("unknown_name", "", wording.UNKNOWN_NAMES)
    page.add(_unknown_names(page, names))
    return Sentence(text, tuple(sorted(page.found, key=lambda m: m.start)), numbers)


class _Page:
    """A sentence whose understood parts are blanked out as they are read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.rest = text
        self.found: list[Mention] = []

    def take(self, kind: Kind, value: str, pattern: str, flags: int = re.I) -> list[Mention]:
        """Read and blank out every match of a pattern in what is not yet understood."""
        taken = [
            Mention(match.start(), match.end(), kind, value, match[0])
            for match in re.finditer(pattern, self.rest, flags)
        ]
        self.add(taken)
        return taken

    def add(self, mentions: Iterable[Mention]) -> None:
        for mention in mentions:
            self.found.append(mention)
            self.blank(mention.start, mention.end)

    def replace(self, old: Mention, kind: Kind, value: str) -> None:
        self.found.remove(old)
        self.found.append(Mention(old.start, old.end, kind, value, old.text))

    def blank(self, start: int, end: int) -> None:
        self.rest = f"{self.rest[:start]}{chr(0) * (end - start)}{self.rest[end:]}"


def _numbers(page: _Page) -> Iterator[Number]:
    for match in _NUMBER.finditer(page.rest):
        page.blank(*match.span())
        yield _parse(match)
    for match in re.finditer(rf"\b(?:{'|'.join(wording.NUMBER_WORDS)})\b", page.rest, re.I):
        page.blank(*match.span())
        value = wording.NUMBER_WORDS[match[0].casefold()]
        yield Number(*match.span(), match[0], value, 0.0, False, False, True)
    # Fractions and numerals of other scripts count as numbers that cannot be read.
    for match in re.finditer(r"[^\W\d_]|[^\w\s]|\d", page.rest):
        sign = match[0]
        if unicodedata.category(sign) in ("No", "Nl", "Nd") or (
            unicodedata.category(sign) == "Lo" and unicodedata.numeric(sign, None) is not None
        ):
            yield Number(*match.span(), sign, float("nan"), 0.0, False, False, False)


def _parse(match: re.Match[str]) -> Number:
    printed = match["number"].replace(",", "")
    mantissa, _, exponent = printed.lower().partition("e")
    value, power = float(mantissa), int(exponent or 0)
    digits = len(mantissa.partition(".")[2])
    if match["power"] is not None:
        power += int(match["power"])
    if match["bare"] is not None:
        value, power = (1.0 if value == 10 else float("nan")), int(match["bare"])
    percent = match["percent"] is not None
    # Beyond this range nothing of the evidence can be meant, and floats would overflow.
    scale = 10.0 ** max(-99, min(99, power - 2 * percent))
    return Number(
        start=match.start(),
        end=match.end(),
        text=match[0].strip(),
        value=value * scale,
        tolerance=0.5 * 10.0**-digits * scale,
        signed=printed[0] in "+-",
        percent=percent,
        whole=digits == 0 and power == 0,
    )


def _unknown_names(page: _Page, names: Vocabulary) -> Iterator[Mention]:
    """Find words that look like proper names or identifiers and are in no evidence."""
    first = True
    for match in re.finditer(r"[^\W\d_]\w*(?:-\w+)*", page.rest):
        word = match[0]
        plain = word.casefold()
        known = plain in names.words or re.fullmatch(wording.TERMS, plain)
        identifier = bool(re.search(r"\d|_|[a-z][A-Z]", word)) or (word.isupper() and len(word) > 1)
        proper = word[0].isupper() and len(word) > 2 and not first
        if (identifier or proper) and not known:
            yield Mention(match.start(), match.end(), "unknown_name", "", word)
        first = False
