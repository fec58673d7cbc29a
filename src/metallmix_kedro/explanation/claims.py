"""What a claim is, how a model writes one, whether it holds, and how it reads.

A claim picks a statement by its kind and what it cites, and adds free words. Decoding is kept to
the claims that hold (`claims_schema`); what comes from a server that knows no schemas is read and
checked all the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.statements import Kind, Statement, true_statements
from metallmix_kedro.explanation.words import are_free_words, words_pattern
from metallmix_kedro.language_models import (
    UnusableReplyError,
    load_object,
    short,
    split_thinking,
    storable,
)

MAX_CLAIMS = 5
"""What stands beyond in a reply is not read."""

NEEDED: tuple[Kind, ...] = ("prediction", "contribution", "past_trial")
"""The kinds that an explanation has to tell, as far as the evidence has them."""

CLAIM_KINDS: tuple[Kind, ...] = (*NEEDED, "comparison", "caution")

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class Claim(NamedTuple):
    """What a model claims of the chosen candidate: a kind, what it cites, and free words."""

    kind: Kind
    cites: str
    words: str


class Check(BaseModel):
    """A fact of an explanation, or what was refused, and what the evidence says to it.

    ``evidence`` names the piece that supports the fact, for example ``"C1.score"``; ``note`` says
    why something was refused. A claim that is refused has no sentence in the explanation; free
    words that are refused are left out of theirs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: str
    kind: Kind
    found: str
    supported: bool
    evidence: str | None = None
    note: str | None = None


class Explanation(NamedTuple):
    """Claims as prose, with the kinds told, the share of claims that hold, and all checks."""

    text: str
    kinds: frozenset[str]
    share: float
    checks: tuple[Check, ...]


Offered = Mapping[str, Sequence[str]]
"""What each kind of claim may cite."""


def offered(evidence: Evidence, refs: Iterable[str]) -> dict[str, list[str]]:
    """Return what claims may cite, by kind, of any of these candidates."""
    every = [one for ref in refs for one in true_statements(evidence, ref)]
    found = {
        kind: list(dict.fromkeys(one.cites for one in every if one.kind == kind))
        for kind in CLAIM_KINDS
    }
    return {kind: cites for kind, cites in found.items() if cites}


def claims_schema(may_cite: Offered) -> dict[str, Any]:
    """Return the JSON Schema of the claims that hold: one of every needed kind, and one more.

    It belongs below the key ``explanation`` of an object that has `DEFINITIONS`.
    """
    needed = [_claim(kind, may_cite[kind]) for kind in NEEDED if kind in may_cite]
    more = [_claim(kind, cites) for kind, cites in may_cite.items() if kind not in NEEDED]
    return {"type": "array", "prefixItems": [*needed, {"anyOf": more}]}


def explanation_schema(may_cite: Offered, **values: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of an explanation: claims that hold, and values told before them."""
    properties = {**values, "explanation": claims_schema(may_cite)}
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "$defs": DEFINITIONS,
    }


DEFINITIONS = {
    f"{kind}_words": {"type": "string", "pattern": words_pattern(kind)} for kind in CLAIM_KINDS
}
"""The free words of each kind, which several claims of a schema refer to."""


def _claim(kind: str, cites: Sequence[str]) -> dict[str, Any]:
    properties = {
        "kind": {"const": kind},
        "cites": {"enum": list(cites)},
        "words": {"$ref": f"#/$defs/{kind}_words"},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def parse_claims(raw: str) -> list[Claim]:
    """Read the claims out of a model's text, also out of prose around the JSON object.

    Raises
    ------
    UnusableReplyError
        If there is no object with a list of claims.
    """
    try:
        listed = load_object(raw).get("explanation")
    except UnusableReplyError:
        text = split_thinking(raw)[0]
        listed = load_object(text[text.find("{") : text.rfind("}") + 1]).get("explanation")
    claims = [_read(one) for one in listed[:MAX_CLAIMS]] if isinstance(listed, list) else []
    if all(one.kind == "unknown" for one in claims):
        raise UnusableReplyError("'explanation' is not a list of claims")
    return claims


def _read(one: object) -> Claim:
    if not isinstance(one, dict):
        return Claim("unknown", storable(short(one)), "")
    cites, words = one.get("cites"), one.get("words")
    kind: Kind = next((known for known in CLAIM_KINDS if known == one.get("kind")), "unknown")
    cites = storable(cites[:80]) if isinstance(cites, str) else storable(short(cites))
    return Claim(kind, cites, storable(words[:200]) if isinstance(words, str) else "")


def explain(claims: Iterable[Claim], evidence: Evidence, ref: str) -> Explanation:
    """Join the claims that hold of a candidate into prose.

    What is claimed twice is told once, and so are free words.

    Raises
    ------
    KeyError
        If the evidence has no such candidate.
    """
    known = {(one.kind, one.cites): one for one in true_statements(evidence, ref)}
    told: dict[Statement, str] = {}
    said: set[str] = set()
    checks: list[Check] = []
    refused = 0
    for claim in claims:
        statement = known.get((claim.kind, claim.cites))
        if statement is None:
            refused += 1
            checks.append(_refused(claim.kind, claim.cites, ref))
        elif statement not in told:
            free = are_free_words(claim.kind, claim.words)
            more = f", {claim.words}" if free and claim.words not in said else ""
            said.add(claim.words)
            told[statement] = f"{statement.text}{more}."
            checks += _facts(statement, told[statement])
            if claim.words and not free:
                checks.append(_left_out(claim.words, told[statement]))
    share = len(told) / (len(told) + refused) if told else 0.0
    kinds = frozenset(one.kind for one in told)
    return Explanation(" ".join(told.values()), kinds, share, tuple(checks))


def is_complete(explanation: Explanation, evidence: Evidence, ref: str) -> bool:
    """Whether it tells every needed kind that could be told."""
    return all(kind in explanation.kinds for kind in NEEDED if kind in offered(evidence, [ref]))


def check_explanation(text: str, evidence: Evidence, ref: str) -> list[Check]:
    """Check prose: each sentence has to be a statement of the candidate, with free words or none.

    Returns
    -------
    list of Check
        In the order of the text; of a sentence that is none, one that is not supported.
    """
    known = true_statements(evidence, ref)
    return [check for part in sentences(text) for check in _check(part, known, ref)]


def sentences(text: str) -> list[str]:
    """Split prose into its sentences."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def _check(sentence: str, known: Sequence[Statement], ref: str) -> Iterator[Check]:
    for one in known:
        rest = sentence.removeprefix(one.text)
        free = rest.startswith(", ") and rest.endswith(".") and are_free_words(one.kind, rest[2:-1])
        if rest != sentence and (rest == "." or free):
            yield from _facts(one, sentence)
            return
    yield _refused("unknown", sentence[:80], ref, sentence)


def _facts(statement: Statement, sentence: str) -> Iterator[Check]:
    kind = statement.kind
    for fact in statement.facts:
        yield Check(
            sentence=sentence, kind=kind, found=fact.text, supported=True, evidence=fact.ref
        )
    if not statement.facts:
        yield Check(sentence=sentence, kind=kind, found=statement.cites, supported=True)


def _refused(kind: Kind, found: str, ref: str, sentence: str = "") -> Check:
    note = f"no such claim can be made of {ref}"
    return Check(sentence=sentence, kind=kind, found=found, supported=False, note=note)


def _left_out(words: str, sentence: str) -> Check:
    note = "words that could say something else than the evidence were left out"
    return Check(sentence=sentence, kind="words", found=words[:80], supported=False, note=note)
