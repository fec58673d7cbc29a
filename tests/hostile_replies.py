"""Broken and hostile replies by the thousand: cheap to make, the same for the same seed."""

import json
import random
from typing import Any

from metallmix_kedro.language_models.language_model import Answer, Token
from tests.injections import KINDS
from tests.made_evidence import XCEPTION

TEXTS = (
    *("A", "B", "C2", "Ａ", "А", "a", "A\u200b", "", " ", "最好的是 A", "Лучше всего A", "\ud800"),
    *("\x00", "NaN", "Infinity", "1e999", "</think>", "<think>", "```", "{C1.accuracy}", "{T9.x}"),
    *("{", "}", "{{ 7 * 7 }}", "../../etc/passwd", "C1 has an accuracy of 0.999.", "T7 proves it."),
    *("C2 is predicted to reach an accuracy of 0.905.", "{C1} reaches {C2.accuracy} in accuracy."),
    *("{choice} uses {choice.backbone}.", "ResNet50 is better.", "It is ½ of ⅔.", "9" * 400),
    *("اختر A", "Wählen Sie A, denn es ist das beste.", "\u202eA", "x" * 600, "nan", "-0", "٣٫١٤"),
    *(text.replace("{{", "{").replace("}}", "}") for text in KINDS.values()),
)
NUMBERS = (0, -1, 2, 10**400, 1.5, float("nan"), float("inf"), -float("inf"), 5e-324, 1e308, True)
KINDS_OF_CLAIMS = ("prediction", "contribution", "past_trial", "comparison", "caution", "truth")
CITES = (
    *("score", "score and time", "backbone", "learning_rate", "optimizer", "dropout", "T1", "T3"),
    *("average learning_rate", "average optimizer", "average backbone", "score of C1", "interval"),
    *("time of C2", "average", "precedent", "T9", "C1.shap.learning_rate", "shap.optimizer=adam"),
)
WORDS = ("", "which is a sound plan", "so this is a clear reason", "which is a useful guide here")
KEYS = ("choice", "explanation", "backbone", "learning_rate", "", "A")


def odd_value(source: random.Random, depth: int = 0) -> Any:
    """Make a value of any JSON type, nested at most four deep."""
    kind = source.randrange(8 if depth < 4 else 5)
    if kind < 3:
        return source.choice(TEXTS)
    if kind == 3:
        return source.choice(NUMBERS)
    if kind == 4:
        return source.choice((None, True, False, []))
    if kind < 7:
        return [odd_value(source, depth + 1) for _ in range(source.randrange(4))]
    return {source.choice(KEYS): odd_value(source, depth + 1) for _ in range(source.randrange(3))}


def odd_object(source: random.Random) -> Any:
    """Make what looks like a vote, an explanation or a configuration, right or nearly so."""
    kind = source.randrange(5)
    if kind == 0:
        return {"choice": source.choice(("A", "B", "A", "B", odd_value(source)))}
    if kind == 1:
        return {"explanation": odd_claims(source)}
    if kind == 2:
        return {"explanation": odd_value(source)}
    if kind == 3:
        spoiled = source.sample(list(XCEPTION.as_dict()), source.randrange(3))
        values = {**XCEPTION.as_dict(), **{name: odd_value(source) for name in spoiled}}
        return {**values, "explanation": odd_claims(source)}
    return odd_value(source)


def odd_claims(source: random.Random) -> list[Any]:
    """Make claims: mostly the three that are needed, with odd words, among odd ones."""
    needed = [("prediction", "score"), ("contribution", "optimizer"), ("past_trial", "T1")]
    claims: list[Any] = [
        {"kind": kind, "cites": cites, "words": source.choice((*WORDS, *TEXTS))}
        for kind, cites in needed
        if source.random() < 0.9
    ]
    claims += [odd_claim(source) for _ in range(source.randrange(4))]
    source.shuffle(claims)
    return claims


def odd_claim(source: random.Random) -> Any:
    """Make what looks like a claim: right, joined wrongly, or spoiled."""
    claim: dict[str, Any] = {
        "kind": source.choice(KINDS_OF_CLAIMS),
        "cites": source.choice(CITES),
        "words": source.choice((*WORDS, *WORDS, *TEXTS)),
    }
    if source.random() < 0.2:
        claim[source.choice(("kind", "cites", "words"))] = odd_value(source)
    return claim if source.random() < 0.9 else odd_value(source)


def odd_reply(source: random.Random, echo: str) -> str:
    """Make a reply: whole, truncated, nested, dressed up, doubled, or an echo of the prompt."""
    text = json.dumps(odd_object(source), ensure_ascii=source.random() < 0.5)
    cut = source.randrange(len(text) + 1)
    ways = (
        *(text, text, text, text, text[:cut], text[cut:]),
        f"```json\n{text}\n```",
        f"<think>{source.choice(TEXTS)}</think>{text}",
        f"<think>{text}",
        f"Sure! {text}",
        text + text,
        "[" * 50_000 + text,
        echo[: source.randrange(len(echo))],
        source.choice(TEXTS),
    )
    return source.choice(ways)


def odd_answer(source: random.Random, echo: str) -> Answer:
    """Make an answer with errors, thinking and log-probabilities as they may come."""
    tokens = tuple(
        Token(
            source.choice(('{"choice": "', "A", "B", '"}', "")),
            tuple(
                (source.choice(TEXTS), source.uniform(-50, 50)) for _ in range(source.randrange(3))
            ),
        )
        for _ in range(source.randrange(4))
    )
    broken = source.random() < 0.1
    return Answer(
        odd_reply(source, echo),
        "the server broke off in mid-reply" if broken else None,
        thinking=source.choice((None, *TEXTS)),
        tokens=tokens,
    )
