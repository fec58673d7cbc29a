"""An explanation made from the attributions alone, without a language model."""

from collections.abc import Iterable, Iterator, Sequence

from metallmix_kedro.declared import hyperparameters, titled
from metallmix_kedro.explanation.evidence import (
    Attribution,
    Candidate,
    Evidence,
    RetrievedTrial,
    TopFeature,
)
from metallmix_kedro.explanation.facts import same_value
from metallmix_kedro.explanation.names import named_value
from metallmix_kedro.explanation.prompt import format_seconds, neutralise
from metallmix_kedro.history import Measure
from metallmix_kedro.search_space import Configuration

MAX_CONTRIBUTIONS = 4
MAX_TRIALS = 2
_SMALLEST = 0.0005
"""A contribution below it would be printed as zero."""


def explain_from_attributions(evidence: Evidence, chosen_ref: str) -> str:
    """Explain a candidate by its SHAP contributions and by similar past trials.

    Every number stands in the evidence; `explanation.english.checks.check_explanation` supports
    every claim of it. This is the paper's step from SHAP values to words (section 2.2), made
    automatic.

    Parameters
    ----------
    evidence : Evidence
    chosen_ref : str
        Reference of the candidate to explain.

    Returns
    -------
    str
        A few English sentences.

    Raises
    ------
    KeyError
        If the evidence has no such candidate.
    """
    candidate = evidence.candidate(chosen_ref)
    return " ".join(
        [
            *_what(candidate, evidence.measure),
            *_why(candidate),
            *_in_the_history(candidate, evidence.attributions),
            *_precedents(candidate, evidence.trials, evidence.measure),
        ]
    )


def _what(candidate: Candidate, measure: Measure) -> Iterator[str]:
    ref = candidate.ref
    yield f"{ref} uses {_join(_all_of(candidate.configuration))}."
    yield (
        f"{ref} is predicted to reach {measure.phrase} of {candidate.score:.3f}, with an interval "
        f"from {candidate.score_low:.3f} to {candidate.score_high:.3f}, after a training time of "
        f"{format_seconds(candidate.training_time_s)}."
    )
    if "best_on_average" in candidate.roles:
        yield f"{ref} is the best-on-average configuration of the history."


def _why(candidate: Candidate) -> Iterator[str]:
    for sign, intro in ((1, "What speaks for"), (-1, "What speaks against")):
        parts = _strongest([p for p in candidate.contributions if p.contribution * sign > 0])
        said = [
            f"{named_value(p.feature, p.value)} contributes {p.contribution:+.3f}" for p in parts
        ]
        if said:
            yield f"{intro} {candidate.ref} in the relative score: {_join(said)}."


def _in_the_history(candidate: Candidate, attributions: Sequence[Attribution]) -> Iterator[str]:
    values = candidate.configuration.as_dict()
    own = [
        part
        for part in attributions
        if part.feature in values
        and same_value(part.value, values[part.feature])
        and abs(part.mean_contribution) >= _SMALLEST
    ]
    if own:
        part = max(own, key=lambda part: abs(part.mean_contribution))
        yield (
            f"On average over the history, {named_value(part.feature, part.value)} contributes "
            f"{part.mean_contribution:+.3f}, measured in {part.n_trials} trials."
        )


def _precedents(
    candidate: Candidate, trials: Sequence[RetrievedTrial], measure: Measure
) -> Iterator[str]:
    scored = [trial for trial in trials if measure.column in trial.metrics]
    leading = titled()[:1]
    same = [
        trial
        for trial in scored
        for name in leading
        if getattr(trial.configuration, name) == getattr(candidate.configuration, name)
    ]
    # Where no similar trial has its backbone, the nearest trial is still worth knowing.
    for trial in (same or scored[:1])[:MAX_TRIALS]:
        score, used = trial.metrics[measure.column], trial.configuration
        yield (
            f'{trial.ref} on "{neutralise(trial.dataset)}" used '
            f"{_title(used) or _join(_all_of(used))} and reached {measure.phrase} of "
            f"{score:.3f} after a training time of {format_seconds(trial.training_time_s)}."
        )
    if leading and not same and scored:
        words = hyperparameters()[leading[0]].words or leading[0]
        yield f"The similar trials have no precedent for {candidate.ref} in the {words}."


def _strongest(parts: Sequence[TopFeature]) -> list[TopFeature]:
    ranked = sorted(parts, key=lambda part: -abs(part.contribution))
    return [part for part in ranked if abs(part.contribution) >= _SMALLEST][:MAX_CONTRIBUTIONS]


def _title(configuration: Configuration) -> str:
    """Name what stands in the title: the first hyperparameter with what goes with it."""
    return " with ".join(_named(configuration, titled()))


def _all_of(configuration: Configuration) -> list[str]:
    """Name the title and every other hyperparameter: words before rates, shares and counts."""
    rest = [name for name in configuration.as_dict() if name not in titled()]
    rest.sort(key=lambda name: _KINDS.index(hyperparameters()[name].kind))
    return [part for part in (_title(configuration), *_named(configuration, rest)) if part]


_KINDS = ("category", "ordered", "log_number", "number", "whole_number")


def _named(configuration: Configuration, names: Iterable[str]) -> list[str]:
    values = configuration.as_dict()
    return [named_value(name, _plain(values[name])) for name in names]


def _plain(value: object) -> object:
    """Write a rate out: no power of ten, which would be a number and a half in a sentence."""
    return f"{value:g}" if isinstance(value, float) else value


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
