"""References into the evidence, which a model writes and we replace by what stands there.

A model that copies numbers makes mistakes; one that says *which* number it means cannot get it
wrong. ``{C1.accuracy}`` becomes ``0.941``, as does ``{C1.score}`` whatever the objective is,
``{T3.dataset}`` the quoted name of a dataset,
``{shap.optimizer=adam}`` the mean contribution of that value with its sign.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from metallmix_kedro.declared import (
    configuration_columns,
    derived,
    hyperparameter,
    hyperparameters,
    meta_features,
)
from metallmix_kedro.explanation.evidence import Candidate, Evidence, RetrievedTrial, TopFeature
from metallmix_kedro.explanation.facts import same_value
from metallmix_kedro.explanation.names import called, short_name
from metallmix_kedro.explanation.places import misplaced
from metallmix_kedro.explanation.prompt import format_seconds, neutralise, plain_value
from metallmix_kedro.history import Measure
from metallmix_kedro.search_space import Configuration

REFERENCE = re.compile(r"\{([^{}\n]{1,80})\}")

MAX_WORDS = 20
"""Words and references of a sentence at most: a small model may never find an end."""

MAX_LETTERS = 16
"""Letters of a word, or of either part of a hyphenated one: nor of a word."""

MAX_LEAD = 8
"""Words of a sentence before its first reference at most."""

_ALIASES = {
    "test_accuracy": "accuracy",
    "predicted_accuracy": "accuracy",
    "macro_f1": "f1",
    "rarest_class_recall": "rarest_recall",
    "training_time": "time",
    "training_time_s": "time",
    "relative": "relative_score",
    "name": "dataset",
}
_CHOSEN = frozenset({"choice", "chosen", "chosen candidate", "candidate"})


@dataclass(frozen=True, slots=True)
class Filled:
    """A reference that was found: as it was written, what replaces it, and where that stands.

    ``misplaced`` says why such a value cannot stand at that place of a sentence, if it cannot.
    """

    written: str
    text: str
    evidence: str
    misplaced: str | None


def fill_references(sentence: str, evidence: Evidence, chosen_ref: str) -> tuple[str, list[Filled]]:
    """Replace the references of a sentence by what the evidence says there.

    Parameters
    ----------
    sentence : str
    evidence : Evidence
    chosen_ref : str
        Whom ``{choice...}`` means.

    Returns
    -------
    str
        The sentence, in which a reference to nothing stays as it was.
    list of Filled
        The references that were replaced, from left to right.
    """
    filled: list[Filled] = []
    text, end = "", 0
    for match in REFERENCE.finditer(sentence):
        text += sentence[end : match.start()]
        end = match.end()
        found = resolve(match[1], evidence, chosen_ref)
        if found is not None:
            filled.append(Filled(match[0], *found, misplaced(text, found[1])))
        text += match[0] if found is None else found[0]
    return text + sentence[end:], filled


def resolve(reference: str, evidence: Evidence, chosen_ref: str) -> tuple[str, str] | None:
    """Return what a reference means: the text that replaces it, and where that stands.

    Parameters
    ----------
    reference : str
        What stands between the braces, for example ``"T3.accuracy"``.
    evidence : Evidence
    chosen_ref : str

    Returns
    -------
    tuple of (str, str) or None
        None if the evidence holds nothing of that name.
    """
    subject, _, rest = reference.strip().partition(".")
    subject, rest = subject.strip(), rest.strip()
    if subject.casefold() in _CHOSEN:
        subject = chosen_ref
    if subject.casefold() == "shap":
        return _of_history(rest, evidence)
    if subject.casefold() == "target":
        return _of_target(rest, evidence)
    for candidate in evidence.candidates:
        if candidate.ref == subject.upper():
            return _of_candidate(rest, candidate, evidence.measure)
    for trial in evidence.trials:
        if trial.ref == subject.upper():
            return _of_trial(rest, trial, evidence.measure)
    return None


def _plain(name: str) -> str:
    plain = _joined(name)
    return _aliases().get(plain, plain)


def _joined(words: str) -> str:
    return re.sub(r"[\s-]+", "_", words.strip().casefold())


@derived
def _aliases() -> dict[str, str]:
    """Return the names behind other words: abbreviations, whatever means one feature alone."""
    found = {one.abbreviation: name for name, one in hyperparameters().items() if one.abbreviation}
    found |= {word: names[0] for word, names in called().items() if len(names) == 1}
    found |= {short_name(name): name for name in meta_features()}
    return {_joined(word): name for word, name in found.items()} | _ALIASES


def _of_target(name: str, evidence: Evidence) -> tuple[str, str] | None:
    plain = _plain(name)
    if plain in ("", "dataset"):
        return f'"{neutralise(evidence.target.name)}"', "target.name"
    value = getattr(evidence.target.meta_features, plain, None)
    if not isinstance(value, int | float):
        return None
    return (str(value) if isinstance(value, int) else f"{value:.2f}"), f"target.{plain}"


def _of_candidate(name: str, candidate: Candidate, measure: Measure) -> tuple[str, str] | None:
    ref, plain = candidate.ref, _plain(name)
    score = (f"{candidate.score:.3f}", f"{ref}.score")
    known = {
        "": (ref, ref),
        "score": score,
        measure.quantity: score,
        "interval": (
            f"{candidate.score_low:.3f} to {candidate.score_high:.3f}",
            f"{ref}.score_low, {ref}.score_high",
        ),
        "relative_score": (f"{candidate.relative_score:.3f}", f"{ref}.relative_score"),
        "time": (format_seconds(candidate.training_time_s), f"{ref}.training_time_s"),
    }
    return (
        known.get(plain)
        or _of_configuration(plain, ref, candidate.configuration)
        or _contribution(name, ref, candidate.contributions)
    )


def _of_trial(name: str, trial: RetrievedTrial, measure: Measure) -> tuple[str, str] | None:
    ref, plain = trial.ref, _plain(name)
    known = {
        "": (ref, ref),
        "dataset": (f'"{neutralise(trial.dataset)}"', f"{ref}.dataset"),
        "time": (format_seconds(trial.training_time_s), f"{ref}.training_time_s"),
        "distance": (f"{trial.distance:.2f}", f"{ref}.distance"),
    }
    metric = plain if plain in trial.metrics else f"test_{plain}"
    metric = measure.column if plain == "score" else metric
    if metric in trial.metrics:
        return f"{trial.metrics[metric]:.3f}", f"{ref}.{metric}"
    return (
        known.get(plain)
        or _of_configuration(plain, ref, trial.configuration)
        or _contribution(name, ref, trial.top_features)
    )


def _of_configuration(plain: str, ref: str, configuration: Configuration) -> tuple[str, str] | None:
    if plain not in configuration_columns():
        return None
    value = getattr(configuration, plain)
    text = f"{value:g}" if isinstance(value, float) else hyperparameter(plain).in_prose(value)
    return text, f"{ref}.{plain}"


def _contribution(name: str, ref: str, parts: tuple[TopFeature, ...]) -> tuple[str, str] | None:
    """Read ``shap.optimizer`` or ``shap.optimizer=adam`` of a candidate or trial."""
    head, _, rest = name.strip().partition(".")
    if head.casefold() != "shap":
        return None
    feature, _, value = rest.partition("=")
    for part in parts:
        if part.feature == _plain(feature) and (not value or same_value(value.strip(), part.value)):
            return f"{part.contribution:+.3f}", f"{ref}.shap.{part.feature}={part.value}"
    return None


def _of_history(name: str, evidence: Evidence) -> tuple[str, str] | None:
    feature, _, value = name.partition("=")
    wants_trials = value.strip().endswith(".trials")
    value = value.strip().removesuffix(".trials")
    for part in evidence.attributions:
        if part.feature == _plain(feature) and same_value(value, part.value):
            ref = f"shap.{part.feature}={part.value}"
            if wants_trials:
                return str(part.n_trials), f"{ref}.n_trials"
            return f"{part.mean_contribution:+.3f}", ref
    return None


def braces(text: str) -> Iterator[str]:
    """Yield what is left in or of braces: a reference to nothing, or a broken one."""
    for match in re.finditer(r"\{[^{}]*\}?|\}", text):
        yield match[0][:80]


def sentence_pattern(evidence: Evidence) -> str:
    """Return the pattern of a sentence in which only references say anything of the evidence.

    Between its words, which hold no digits but those of ``C1`` or ``T3``, stand references that
    the evidence has; so a model whose decoding is kept to it cannot write a number, a backbone's
    name or a trial that is not there. Whether what it says around them is true, the checks find
    out. The first reference comes within `MAX_LEAD` words: the smallest models copy the table
    where they may, and get lost where its digits are not let through.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    str
        A regular expression of the subset that servers turn into grammars.
    """
    known = [one.ref for one in evidence.candidates] + [one.ref for one in evidence.trials]
    letters = rf"[A-Za-z]{{1,{MAX_LETTERS}}}"
    plain = rf"({letters}(['-]{letters})?|{'|'.join(known)})[,;]?"
    reference = rf"\{{({'|'.join(_shapes(evidence))})\}}[,;]?"
    word = rf"({plain}|{reference})"
    # At least three words, wherever the first reference stands.
    late = rf"({plain} ){{2,{MAX_LEAD}}}{reference}"
    early = rf"({plain} )?{reference}( {word}){{2}}"
    return rf"^({late}|{early})( {word}){{0,{MAX_WORDS - MAX_LEAD - 1}}}\.$"


def _shapes(evidence: Evidence) -> Iterator[str]:
    """Yield the patterns of all references that the evidence has."""
    columns = "|".join(configuration_columns())
    metric = evidence.measure.quantity
    if evidence.candidates:
        refs = "|".join(candidate.ref for candidate in evidence.candidates)
        parts = {part.feature for one in evidence.candidates for part in one.contributions}
        shap = rf"|shap\.({'|'.join(sorted(parts))})" if parts else ""
        yield rf"({refs})(\.({metric}|interval|time|{columns}{shap}))?"
    if evidence.trials:
        refs = "|".join(trial.ref for trial in evidence.trials)
        yield rf"({refs})(\.({metric}|time|dataset|{columns}))?"
    for part in evidence.attributions:
        yield rf"shap\.{re.escape(part.feature)}={re.escape(plain_value(part.value))}"
    shown = (
        short_name(name)
        for name, one in meta_features().items()
        if one.is_number and not one.group and one.phrase != ""
    )
    yield rf"target\.({'|'.join(['name', *map(re.escape, shown)])})"
