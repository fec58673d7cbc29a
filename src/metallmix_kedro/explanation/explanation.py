"""An explanation made from the attributions alone, without a language model."""

from collections.abc import Iterator, Sequence

from metallmix_kedro.explanation.evidence import (
    Attribution,
    Candidate,
    Evidence,
    RetrievedTrial,
    TopFeature,
)
from metallmix_kedro.explanation.facts import same_value
from metallmix_kedro.explanation.formatting import strategy_in_prose
from metallmix_kedro.explanation.prompt import format_seconds, neutralise
from metallmix_kedro.history.objective import Measure
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
    ref, configuration = candidate.ref, candidate.configuration
    yield (
        f"{ref} uses {_network(configuration)}, optimizer {configuration.optimizer}, learning rate "
        f"{configuration.learning_rate:g}, dropout {configuration.dropout:g}, dense units "
        f"{configuration.dense_units} and batch size {configuration.batch_size}."
    )
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
        if parts:
            listed = _join([f"{_level(p)} contributes {p.contribution:+.3f}" for p in parts])
            yield f"{intro} {candidate.ref} in the relative score: {listed}."


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
            f"On average over the history, {_say(part.feature, part.value)} contributes "
            f"{part.mean_contribution:+.3f}, measured in {part.n_trials} trials."
        )


def _precedents(
    candidate: Candidate, trials: Sequence[RetrievedTrial], measure: Measure
) -> Iterator[str]:
    scored = [trial for trial in trials if measure.column in trial.metrics]
    same = [
        trial
        for trial in scored
        if trial.configuration.backbone == candidate.configuration.backbone
    ]
    # Where no similar trial used this backbone, the nearest trial is still worth knowing.
    for trial in (same or scored[:1])[:MAX_TRIALS]:
        score = trial.metrics[measure.column]
        yield (
            f'{trial.ref} on "{neutralise(trial.dataset)}" used {_network(trial.configuration)} '
            f"and reached {measure.phrase} of {score:.3f} after a training time of "
            f"{format_seconds(trial.training_time_s)}."
        )
    if not same and scored:
        yield f"The similar trials have no precedent for {candidate.ref} in the backbone."


def _strongest(parts: Sequence[TopFeature]) -> list[TopFeature]:
    ranked = sorted(parts, key=lambda part: -abs(part.contribution))
    return [part for part in ranked if abs(part.contribution) >= _SMALLEST][:MAX_CONTRIBUTIONS]


def _network(configuration: Configuration) -> str:
    strategy = strategy_in_prose(configuration.strategy)
    return f"backbone {configuration.backbone} with {strategy}"


_FEATURE_WORDS = {
    "learning_rate": "learning rate",
    "dense_units": "dense units",
    "batch_size": "batch size",
}


def _level(part: TopFeature) -> str:
    return _say(part.feature, part.value)


def _say(feature: str, value: str) -> str:
    if feature == "strategy":
        return strategy_in_prose(value)
    return f"{_FEATURE_WORDS.get(feature, feature)} {value}"


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
