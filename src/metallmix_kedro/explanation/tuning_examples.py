"""Questions as a language model is asked them, with the replies one would want: to tune it."""

import json
import re
from collections.abc import Iterator, Sequence

import numpy as np

from metallmix_kedro.explanation.claims import NEEDED, Claim, offered
from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.prompt import DecisionPrompts
from metallmix_kedro.explanation.statements import true_statements
from metallmix_kedro.explanation.words import words_pattern
from metallmix_kedro.language_models import LETTERS, Message

FOREMOST = 3
"""A claim picks one of so many: the strongest contributions, the most similar trials."""

ChatMessage = dict[str, str]
"""``role`` and ``content``, as every trainer of chat models takes them."""

_ROLES = {"system": "system", "human": "user"}
_GROUP = re.compile(r"\(([^()]*)\)(\??)")


def choice_example(
    evidence: Evidence, order: Sequence[str], best: str, prompts: DecisionPrompts
) -> list[ChatMessage]:
    """Ask for a choice among the candidates in this order; the reply names `best`.

    Parameters
    ----------
    evidence : Evidence
    order : sequence of str
        References of the candidates, the first under the letter A.
    best : str
        One of them.
    prompts : DecisionPrompts
    """
    options = list(zip(LETTERS, map(evidence.candidate, order), strict=False))
    asked = prompts.messages("choose", evidence, options=options, show_scores=True)
    return _answered(asked, {"choice": LETTERS[list(order).index(best)]})


def explanation_example(
    evidence: Evidence, ref: str, prompts: DecisionPrompts, rng: np.random.Generator
) -> list[ChatMessage]:
    """Ask for an explanation of a candidate; the reply is of claims that hold of it."""
    asked = prompts.messages(
        "explain",
        evidence,
        chosen=evidence.candidate(ref),
        may_cite=offered(evidence, [ref]),
        show_scores=True,
    )
    claims = [claim._asdict() for claim in true_claims(evidence, ref, rng)]
    return _answered(asked, {"explanation": claims})


def true_claims(evidence: Evidence, ref: str, rng: np.random.Generator) -> Iterator[Claim]:
    """Make one claim of each needed kind and one more, in the order that a reply has to have."""
    may_cite = offered(evidence, [ref])
    others = [kind for kind in may_cite if kind not in NEEDED]
    for kind in (*(kind for kind in NEEDED if kind in may_cite), str(rng.choice(others))):
        known = [one for one in true_statements(evidence, ref) if one.kind == kind]
        foremost = sorted(known, key=lambda one: -abs(one.weight))[:FOREMOST]
        one = foremost[rng.integers(len(foremost))]
        yield Claim(one.kind, one.cites, random_words(kind, rng))


def random_words(kind: str, rng: np.random.Generator) -> str:
    """Draw free words of a kind of claim, out of the pattern that allows them."""

    def drawn(group: re.Match[str]) -> str:
        left_out = bool(group[2]) and rng.random() < 0.5
        return "" if left_out else str(rng.choice(group[1].split("|")))

    text = words_pattern(kind).strip("^$")
    while "(" in text:
        text = _GROUP.sub(drawn, text)
    return text


def _answered(asked: Sequence[Message], reply: object) -> list[ChatMessage]:
    said = [{"role": _ROLES[role], "content": text} for role, text in asked]
    return [*said, {"role": "assistant", "content": json.dumps(reply, ensure_ascii=False)}]
