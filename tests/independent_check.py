"""What an explanation says, read by its words alone and compared with the evidence.

It shares no code with what writes and checks explanations: subject, value, sign and comparison are
taken out of each sentence by patterns of its own.
"""

import re
from collections.abc import Iterator
from unicodedata import normalize

from metallmix_kedro.declared import hyperparameters
from metallmix_kedro.explanation.evidence import Candidate, Evidence, TopFeature

_NUMBER = r"([-+]?\d+(?:\.\d+)?)"
_FORBIDDEN = re.compile(
    r"\d|\b[CT]\d|[^a-z ]|\b(not|no|never|without|than|more|less|most|least|best|worst|better|worse"
    r"|higher|lower|faster|slower|all|every|none|only|half|double|one|two|three|percent|accuracy"
    r"|score|time|backbone|optimizer|rate|trials?|candidates?|dataset|target)\b"
)
_FORMS = {
    "uses": r"(C\d+) uses (.+)",
    "reach": rf"(C\d+) is predicted to reach an? [\w -]+ of {_NUMBER}, with an interval from "
    rf"{_NUMBER} to {_NUMBER}, after a training time of {_NUMBER} s",
    "reach in": rf"(C\d+) is predicted to reach an? [\w -]+ of {_NUMBER} after a training time of "
    rf"{_NUMBER} s",
    "contributes": rf"In (C\d+), (.+) contributes {_NUMBER} to the relative score and speaks "
    r"(for|against) it",
    "average": rf"On average over the history, (.+), which (C\d+) uses, contributes {_NUMBER}, "
    r"measured in (\d+) trials",
    "trial": rf'(T\d+) on "(.+)" used (.+) and reached an? [\w -]+ of {_NUMBER} after a training '
    rf"time of {_NUMBER} s",
    "score": rf"The predicted [\w ]+ of (C\d+), {_NUMBER}, is (above|below|the same as) that of "
    rf"(C\d+), {_NUMBER}",
    "time": rf"The predicted training time of (C\d+), {_NUMBER} s, is (longer than|shorter than|"
    rf"the same as) that of (C\d+), {_NUMBER} s",
    "role": r"(C\d+) is the best-on-average configuration of the history",
    "low": rf"The interval of (C\d+) begins at an? [\w -]+ of {_NUMBER}",
    "late": rf"The training time of (C\d+) may come to {_NUMBER} s, the end of its interval",
    "outside": r"The target is unlike every dataset known",
    "precedent": r"The similar trials have no precedent for (C\d+) in the .+",
}
_SIGNS = {"above": 1, "below": -1, "longer than": 1, "shorter than": -1, "the same as": 0}


def false_facts(text: str, evidence: Evidence, ref: str) -> list[str]:
    """Return the sentences that the evidence does not bear out; empty if all is true."""
    return [
        part
        for part in re.split(r"(?<=\.)\s+(?=[A-Z])", text.strip())
        if part and not _is_true(part.removesuffix("."), evidence, evidence.candidate(ref))
    ]


def _is_true(sentence: str, evidence: Evidence, one: Candidate) -> bool:
    for form, pattern in _FORMS.items():
        # The pattern ends where the facts end; free words may follow.
        for tail in ("", r"(?:, (?P<free>(?:which|so|and|as) .+))"):
            found = re.fullmatch(pattern + tail, sentence)
            if found is None:
                continue
            free = found.groupdict().get("free")
            if free is not None and _FORBIDDEN.search(free):
                return False
            return all(_facts(form, found.groups()[: re.compile(pattern).groups], evidence, one))
    return False


def _facts(form: str, said: tuple[str, ...], evidence: Evidence, one: Candidate) -> Iterator[bool]:
    if form not in ("trial", "outside"):
        yield next(word for word in said if re.fullmatch(r"C\d+", word)) == one.ref
    match form:
        case "uses":
            yield all(_names(said[1], *pair) for pair in one.configuration.as_dict().items())
        case "reach":
            wanted = (one.score, one.score_low, one.score_high, one.training_time_s)
            yield all(map(_printed, said[1:], wanted))
        case "reach in":
            yield _printed(said[1], one.score)
            yield _printed(said[2], one.training_time_s)
        case "contributes":
            yield _belongs(said[1], said[2], one, one.contributions)
            yield (float(said[2]) > 0) is (said[3] == "for")
        case "average":
            means = tuple(
                TopFeature(feature=a.feature, value=a.value, contribution=a.mean_contribution)
                for a in evidence.attributions
                if a.n_trials == int(said[3])
            )
            yield _belongs(said[0], said[2], one, means)
        case "low":
            yield _printed(said[1], one.score_low)
        case "late":
            yield _printed(said[1], one.training_time_high_s)
        case _:
            yield from _beyond(form, said, evidence, one)


def _beyond(form: str, said: tuple[str, ...], evidence: Evidence, one: Candidate) -> Iterator[bool]:
    """Check what is said of more than the candidate's own numbers."""
    match form:
        case "trial":
            (trial,) = (trial for trial in evidence.trials if trial.ref == said[0])
            yield said[1] == "unnamed" or _letters(said[1]) in _letters(trial.dataset)
            values = trial.configuration.as_dict()
            yield any(_names(said[2], *pair) for pair in values.items())
            yield _printed(said[3], trial.metrics[evidence.measure.column])
            yield _printed(said[4], trial.training_time_s)
        case "score" | "time":
            name = "score" if form == "score" else "training_time_s"
            yield _printed(said[1], getattr(one, name))
            yield _printed(said[4], getattr(evidence.candidate(said[3]), name))
            difference = float(said[1]) - float(said[4])
            yield (difference > 0) - (difference < 0) == _SIGNS[said[2]]
        case "role":
            yield "best_on_average" in one.roles
        case "outside":
            yield evidence.outside
        case _:
            used = {str(v) for t in evidence.trials for v in t.configuration.as_dict().values()}
            yield any(str(v) not in used for v in one.configuration.as_dict().values())


def _printed(said: str, value: float) -> bool:
    decimals = len(said.partition(".")[2])
    return abs(float(said) - value) <= 0.5 * 10**-decimals + 1e-9


def _belongs(named: str, said: str, one: Candidate, parts: tuple[TopFeature, ...]) -> bool:
    """Whether a contribution of this size is that of a value which the candidate has."""
    values = one.configuration.as_dict()
    return any(
        part.feature in values
        and _same(part.value, values[part.feature])
        and _names(named, part.feature, values[part.feature])
        and _printed(said, part.contribution)
        for part in parts
    )


def _names(text: str, feature: str, value: object) -> bool:
    """Whether a text names a value: its own word, those declared for it, or its number."""
    words = (str(value), hyperparameters()[feature].in_prose(value))
    numbers = re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", text)
    return any(word in text for word in words) or any(_same(one, value) for one in numbers)


def _same(left: object, right: object) -> bool:
    try:
        return abs(float(str(left)) - float(str(right))) <= 1e-9 * abs(float(str(right)))
    except ValueError:
        return str(left) == str(right)


def _letters(name: str) -> str:
    return "".join(re.findall(r"[^\W_]+", normalize("NFKC", name))).casefold()
