"""All that may be said of a candidate: each statement with its facts, written by the program.

A claim is true because it can only pick one of these. What is said of a candidate is put together
from what belongs to it: its own contributions, the history's mean of a value that it has, a
trial with that trial's numbers, a comparison whose direction is computed here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from metallmix_kedro.declared import hyperparameters, titled
from metallmix_kedro.explanation.evidence import Candidate, Evidence, same_value
from metallmix_kedro.explanation.names import all_in_prose, named_value, title_in_prose
from metallmix_kedro.explanation.prompt import format_seconds, neutralise

Kind = Literal[
    "configuration", "prediction", "contribution", "past_trial", "comparison", "caution",
    "words", "unknown",
]  # fmt: skip
"""Kinds of statements, and what is neither: free words, and what nobody knows."""

SMALLEST = 0.0005
"""A contribution below it would be printed as zero."""


class Fact(NamedTuple):
    """What stands at a reference into the evidence (`evidence.said_values`), as it is printed."""

    ref: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Statement:
    """What may be said of a candidate.

    ``cites`` is the name that a claim picks it by, the same for all candidates where it means the
    same; ``text`` a sentence without its end, which holds every fact of ``facts``; ``weight`` its
    contribution, 0 for what is none.
    """

    kind: Kind
    cites: str
    text: str
    facts: tuple[Fact, ...] = ()
    weight: float = 0.0


def true_statements(evidence: Evidence, ref: str) -> tuple[Statement, ...]:
    """Return all that may be said of a candidate.

    Parameters
    ----------
    evidence : Evidence
    ref : str
        The candidate's reference.

    Raises
    ------
    KeyError
        If the evidence has no such candidate.
    """
    one = evidence.candidate(ref)
    uses = f"{ref} uses {all_in_prose(one.configuration)}"
    return (
        *_predictions(one, evidence),
        *_contributions(one),
        *_means(one, evidence),
        *_trials(evidence),
        *_comparisons(one, evidence),
        *_cautions(one, evidence),
        Statement("configuration", "configuration", uses, (Fact(ref, ref),)),
    )


def _score(one: Candidate, name: str = "score") -> Fact:
    return Fact(f"{one.ref}.{name}", f"{getattr(one, name):.3f}")


def _time(one: Candidate, name: str = "training_time_s") -> Fact:
    return Fact(f"{one.ref}.{name}", format_seconds(getattr(one, name)))


def _predictions(one: Candidate, evidence: Evidence) -> Iterator[Statement]:
    score, time = _score(one), _time(one)
    low, high = _score(one, "score_low"), _score(one, "score_high")
    reach = f"{one.ref} is predicted to reach {evidence.measure.phrase} of {score}"
    after = f"after a training time of {time}"
    whole = f"{reach}, with an interval from {low} to {high}, {after}"
    yield Statement("prediction", "score", whole, (score, low, high, time))
    yield Statement("prediction", "score and time", f"{reach} {after}", (score, time))


def _contributions(one: Candidate) -> Iterator[Statement]:
    values = one.configuration.as_dict()
    for part in one.contributions:
        if not _is_own(values, part.feature, part.value) or abs(part.contribution) < SMALLEST:
            continue
        fact = Fact(f"{one.ref}.shap.{part.feature}={part.value}", f"{part.contribution:+.3f}")
        text = (
            f"In {one.ref}, {named_value(part.feature, part.value)} contributes {fact} to the "
            f"relative score and speaks {'for' if part.contribution > 0 else 'against'} it"
        )
        yield Statement("contribution", part.feature, text, (fact,), part.contribution)


def _means(one: Candidate, evidence: Evidence) -> Iterator[Statement]:
    """Say what a value of the candidate contributes on average, with the value it is a mean of."""
    values = one.configuration.as_dict()
    for part in evidence.attributions:
        mean = part.mean_contribution
        if not _is_own(values, part.feature, part.value) or abs(mean) < SMALLEST:
            continue
        ref = f"shap.{part.feature}={part.value}"
        facts = (Fact(ref, f"{mean:+.3f}"), Fact(f"{ref}.n_trials", str(part.n_trials)))
        text = (
            f"On average over the history, {named_value(part.feature, part.value)}, which "
            f"{one.ref} uses, contributes {facts[0]}, measured in {facts[1]} trials"
        )
        yield Statement("contribution", f"average {part.feature}", text, facts, mean)


def _is_own(values: Mapping[str, object], feature: str, value: str) -> bool:
    return feature in values and same_value(value, values[feature])


def _trials(evidence: Evidence) -> Iterator[Statement]:
    measure = evidence.measure
    for trial in evidence.trials:
        if measure.column not in trial.metrics:
            continue
        name = Fact(f"{trial.ref}.dataset", f'"{neutralise(trial.dataset)}"')
        score = Fact(f"{trial.ref}.{measure.column}", f"{trial.metrics[measure.column]:.3f}")
        time = Fact(f"{trial.ref}.training_time_s", format_seconds(trial.training_time_s))
        used = title_in_prose(trial.configuration) or all_in_prose(trial.configuration)
        text = (
            f"{trial.ref} on {name} used {used} and reached {measure.phrase} of {score} after a "
            f"training time of {time}"
        )
        yield Statement("past_trial", trial.ref, text, (name, score, time))


def _comparisons(one: Candidate, evidence: Evidence) -> Iterator[Statement]:
    if "best_on_average" in one.roles:
        text = f"{one.ref} is the best-on-average configuration of the history"
        roles = Fact(f"{one.ref}.roles", "best_on_average")
        yield Statement("comparison", "average", text, (roles,))
    for other in evidence.candidates:
        if other.ref == one.ref:
            continue
        for cites, what, name, fact, more, less in (
            ("score", evidence.measure.label, "score", _score, "above", "below"),
            ("time", "training time", "training_time_s", _time, "longer than", "shorter than"),
        ):
            mine, theirs = fact(one), fact(other)
            way = more if getattr(one, name) > getattr(other, name) else less
            if mine.text == theirs.text:
                way = "the same as"
            text = (
                f"The predicted {what} of {one.ref}, {mine}, is {way} that of {other.ref}, {theirs}"
            )
            yield Statement("comparison", f"{cites} of {other.ref}", text, (mine, theirs))


def _cautions(one: Candidate, evidence: Evidence) -> Iterator[Statement]:
    low, late = _score(one, "score_low"), _time(one, "training_time_high_s")
    text = f"The interval of {one.ref} begins at {evidence.measure.phrase} of {low}"
    yield Statement("caution", "interval", text, (low,))
    text = f"The training time of {one.ref} may come to {late}, the end of its interval"
    yield Statement("caution", "time", text, (late,))
    if evidence.outside:
        yield Statement("caution", "target", "The target is unlike every dataset known")
    for name in titled()[:1] if evidence.trials else ():
        value = getattr(one.configuration, name)
        if all(getattr(trial.configuration, name) != value for trial in evidence.trials):
            words = hyperparameters()[name].words or name
            text = f"The similar trials have no precedent for {one.ref} in the {words}"
            yield Statement("caution", "precedent", text)
