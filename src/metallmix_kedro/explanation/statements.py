"""All that may be said of a candidate: each statement with its facts, written by the program.

A claim is true because it can only pick one of these. What is said of a candidate is put together
from what belongs to it: its own contributions, the history's mean of a value that it has, a
trial with that trial's numbers, a comparison whose direction is computed here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from metallmix_kedro.declared import hyperparameters, titled
from metallmix_kedro.explanation.evidence import Candidate, Evidence
from metallmix_kedro.explanation.facts import same_value
from metallmix_kedro.explanation.names import all_in_prose, named_value, title_in_prose
from metallmix_kedro.explanation.prompt import format_seconds, neutralise

Kind = Literal["configuration", "prediction", "contribution", "past_trial", "comparison", "caution"]

SMALLEST = 0.0005
"""A contribution below it would be printed as zero."""

_score = "{:.3f}".format
_signed = "{:+.3f}".format


@dataclass(frozen=True, slots=True)
class Fact:
    """What stands at a reference into the evidence (`facts.said_values`), as it is printed."""

    ref: str
    text: str


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
    facts: tuple[Fact, ...]
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
    return (
        *_predictions(one, evidence),
        *_contributions(one),
        *_means(one, evidence),
        *_trials(evidence),
        *_comparisons(one, evidence),
        *_cautions(one, evidence),
        _configuration(one),
    )


def _configuration(one: Candidate) -> Statement:
    fact = Fact(one.ref, one.ref)
    text = f"{one.ref} uses {all_in_prose(one.configuration)}"
    return Statement("configuration", "configuration", text, (fact,))


def _predictions(one: Candidate, evidence: Evidence) -> Iterator[Statement]:
    ref, time = one.ref, _time(one)
    score = Fact(f"{ref}.score", _score(one.score))
    low = Fact(f"{ref}.score_low", _score(one.score_low))
    high = Fact(f"{ref}.score_high", _score(one.score_high))
    reach = f"{ref} is predicted to reach {evidence.measure.phrase} of {score.text}"
    after = f"after a training time of {time.text}"
    whole = f"{reach}, with an interval from {low.text} to {high.text}, {after}"
    yield Statement("prediction", "score", whole, (score, low, high, time))
    yield Statement("prediction", "score and time", f"{reach} {after}", (score, time))


def _time(one: Candidate) -> Fact:
    return Fact(f"{one.ref}.training_time_s", format_seconds(one.training_time_s))


def _contributions(one: Candidate) -> Iterator[Statement]:
    values = one.configuration.as_dict()
    for part in one.contributions:
        if not _is_own(values, part.feature, part.value) or abs(part.contribution) < SMALLEST:
            continue
        fact = Fact(f"{one.ref}.shap.{part.feature}={part.value}", _signed(part.contribution))
        text = (
            f"In {one.ref}, {named_value(part.feature, part.value)} contributes {fact.text} to the "
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
        facts = (Fact(ref, _signed(mean)), Fact(f"{ref}.n_trials", str(part.n_trials)))
        text = (
            f"On average over the history, {named_value(part.feature, part.value)}, which "
            f"{one.ref} uses, contributes {facts[0].text}, measured in {part.n_trials} trials"
        )
        yield Statement("contribution", f"average {part.feature}", text, facts, mean)


def _is_own(values: Mapping[str, object], feature: str, value: str) -> bool:
    return feature in values and same_value(value, values[feature])


def _trials(evidence: Evidence) -> Iterator[Statement]:
    measure = evidence.measure
    for trial in evidence.trials:
        if measure.column not in trial.metrics:
            continue
        facts = (
            Fact(f"{trial.ref}.dataset", f'"{neutralise(trial.dataset)}"'),
            Fact(f"{trial.ref}.{measure.column}", _score(trial.metrics[measure.column])),
            Fact(f"{trial.ref}.training_time_s", format_seconds(trial.training_time_s)),
        )
        used = title_in_prose(trial.configuration) or all_in_prose(trial.configuration)
        text = (
            f"{trial.ref} on {facts[0].text} used {used} and reached {measure.phrase} of "
            f"{facts[1].text} after a training time of {facts[2].text}"
        )
        yield Statement("past_trial", trial.ref, text, facts)


def _comparisons(one: Candidate, evidence: Evidence) -> Iterator[Statement]:
    if "best_on_average" in one.roles:
        text = f"{one.ref} is the best-on-average configuration of the history"
        roles = Fact(f"{one.ref}.roles", "best_on_average")
        yield Statement("comparison", "average", text, (roles,))
    for other in evidence.candidates:
        if other.ref == one.ref:
            continue
        scores = Fact(f"{one.ref}.score", _score(one.score))
        others = Fact(f"{other.ref}.score", _score(other.score))
        relation = _relation(one.score, other.score, _score, ("above", "below", "the same as"))
        text = (
            f"The predicted {evidence.measure.label} of {one.ref}, {scores.text}, is {relation} "
            f"that of {other.ref}, {others.text}"
        )
        yield Statement("comparison", f"score of {other.ref}", text, (scores, others))
        ways = ("longer than", "shorter than", "the same as")
        relation = _relation(one.training_time_s, other.training_time_s, format_seconds, ways)
        text = (
            f"The predicted training time of {one.ref}, {_time(one).text}, is {relation} that of "
            f"{other.ref}, {_time(other).text}"
        )
        yield Statement("comparison", f"time of {other.ref}", text, (_time(one), _time(other)))


def _relation(
    left: float, right: float, printed: Callable[[float], str], ways: tuple[str, str, str]
) -> str:
    """Say how two numbers compare; those that are printed alike are the same."""
    if printed(left) == printed(right):
        return ways[2]
    return ways[0] if left > right else ways[1]


def _cautions(one: Candidate, evidence: Evidence) -> Iterator[Statement]:
    low = Fact(f"{one.ref}.score_low", _score(one.score_low))
    text = f"The interval of {one.ref} begins at {evidence.measure.phrase} of {low.text}"
    yield Statement("caution", "interval", text, (low,))
    late = Fact(f"{one.ref}.training_time_high_s", format_seconds(one.training_time_high_s))
    text = f"The training time of {one.ref} may come to {late.text}, the end of its interval"
    yield Statement("caution", "time", text, (late,))
    if evidence.outside:
        yield Statement("caution", "target", "The target is unlike every dataset known", ())
    for name in titled()[:1] if evidence.trials else ():
        value = getattr(one.configuration, name)
        if all(getattr(trial.configuration, name) != value for trial in evidence.trials):
            words = hyperparameters()[name].words or name
            text = f"The similar trials have no precedent for {one.ref} in the {words}"
            yield Statement("caution", "precedent", text, ())
