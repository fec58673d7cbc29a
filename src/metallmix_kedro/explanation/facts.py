"""The evidence as a flat list of numbered facts, each with the name of where it stands."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from metallmix_kedro.declared import features, hyperparameters, meta_features
from metallmix_kedro.explanation.evidence import Candidate, Evidence, RetrievedTrial, TopFeature
from metallmix_kedro.history import Measure
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import Configuration

CONTRIBUTION = "contribution"
SCORE = "score"
"""The quantity of the objective's metric, whatever it is, beside the metric's own name."""


def is_exact(quantity: str) -> bool:
    """Whether a quantity is chosen or counted, not measured: a rounded one is a wrong one."""
    declared = meta_features().get(quantity)
    counted = declared is not None and declared.kind == "whole_number"
    return counted or quantity in hyperparameters() or quantity in _COUNTS


_COUNTS = frozenset({"n_trials", "count_trials", "count_candidates", "count_datasets"})

_SHARES = frozenset(
    (
        *("accuracy", "train_accuracy", "validation_accuracy", "precision", "recall", "f1"),
        *("rarest_recall", SCORE, "relative_score", CONTRIBUTION),
    )
)


def is_share(quantity: str) -> bool:
    """Whether a quantity may be said in percent."""
    declared = features().get(quantity)
    return quantity in _SHARES or (declared is not None and declared.unit == "share")


@dataclass(frozen=True, slots=True)
class Fact:
    """One number of the evidence.

    Parameters
    ----------
    ref : str
        Where it stands: ``"C1.score"``, ``"T3.test_accuracy"``, ``"target.n_classes"``,
        ``"shap.optimizer=adam"``.
    subject : str
        What it is said of: a candidate's or trial's reference, ``"target"``, ``"shap"`` (the
        attributions averaged over the history) or ``"list"`` (the evidence as a whole).
    quantity : str
        ``"accuracy"``, ``"score"`` (the objective's metric), ``"time"`` (seconds),
        ``"contribution"``, a hyperparameter, ...
    value : float
    feature, level : str, optional
        Of a contribution: whose it is, for example ``"optimizer"`` and ``"adam"``.
    bound : bool
        Whether it is an end of an interval and not the prediction itself.
    """

    ref: str
    subject: str
    quantity: str
    value: float
    feature: str | None = None
    level: str | None = None
    bound: bool = False


def collect_facts(evidence: Evidence) -> tuple[Fact, ...]:
    """List every finite number of the evidence."""
    found = [
        *_of_values("target", evidence.target.meta_features),
        *(fact for trial in evidence.trials for fact in _of_trial(trial, evidence.measure)),
        *(fact for one in evidence.candidates for fact in _of_candidate(one, evidence.measure)),
        *_of_attributions(evidence),
        *_of_list(evidence),
    ]
    return tuple(fact for fact in found if math.isfinite(fact.value))


def said_values(evidence: Evidence) -> dict[str, str]:
    """Return what stands at every reference of a check, as text.

    Returns
    -------
    dict of str to str
        For example ``"C1.score"`` to ``"0.941"``, ``"T3.dataset"`` to the dataset's name.
    """
    values = {fact.ref: f"{fact.value:.6g}" for fact in collect_facts(evidence)}
    for ref, configuration in evidence.configurations.items():
        for name, value in configuration.as_dict().items():
            values[f"{ref}.{name}"] = f"{value:g}" if isinstance(value, float) else str(value)
    values |= {f"{trial.ref}.dataset": trial.dataset for trial in evidence.trials}
    values |= {f"{one.ref}.roles": ", ".join(one.roles) for one in evidence.candidates}
    return {**values, "target.name": evidence.target.name}


def same_value(left: object, right: object) -> bool:
    """Whether two values of a feature are the same, however they are written.

    Examples
    --------
    >>> same_value("1e-04", 0.0001), same_value("adam", "sgd")
    (True, False)
    """
    try:
        return math.isclose(float(str(left)), float(str(right)), rel_tol=1e-9)
    except ValueError:
        return str(left).casefold() == str(right).casefold()


def _of_values(subject: str, known: MetaFeatures | Configuration) -> Iterator[Fact]:
    for name, value in known.as_dict().items():
        if isinstance(value, int | float):
            yield Fact(f"{subject}.{name}", subject, name, float(value))


def _of_contributions(subject: str, parts: tuple[TopFeature, ...]) -> Iterator[Fact]:
    for part in parts:
        ref = f"{subject}.shap.{part.feature}={part.value}"
        yield Fact(ref, subject, CONTRIBUTION, part.contribution, part.feature, part.value)
        yield from _level(ref, subject, part.feature, part.value)


def _level(ref: str, subject: str, feature: str, value: str) -> Iterator[Fact]:
    try:
        yield Fact(ref, subject, feature, float(value))
    except ValueError:
        return


def _of_trial(trial: RetrievedTrial, measure: Measure) -> Iterator[Fact]:
    yield from _of_values(trial.ref, trial.meta_features)
    yield from _of_values(trial.ref, trial.configuration)
    yield from _of_contributions(trial.ref, trial.top_features)
    for metric, value in trial.metrics.items():
        yield Fact(f"{trial.ref}.{metric}", trial.ref, metric.removeprefix("test_"), value)
        if metric == measure.column:
            yield Fact(f"{trial.ref}.{metric}", trial.ref, SCORE, value)
    yield Fact(f"{trial.ref}.training_time_s", trial.ref, "time", trial.training_time_s)
    yield Fact(f"{trial.ref}.distance", trial.ref, "distance", trial.distance)


def _of_candidate(candidate: Candidate, measure: Measure) -> Iterator[Fact]:
    ref = candidate.ref
    yield from _of_values(ref, candidate.configuration)
    yield from _of_contributions(ref, candidate.contributions)
    yield Fact(f"{ref}.relative_score", ref, "relative_score", candidate.relative_score)
    yield Fact(f"{ref}.training_time_s", ref, "time", candidate.training_time_s)
    for quantity in (measure.quantity, SCORE):
        yield Fact(f"{ref}.score", ref, quantity, candidate.score)
        for name in ("score_low", "score_high"):
            yield Fact(f"{ref}.{name}", ref, quantity, getattr(candidate, name), bound=True)
    for name in ("training_time_low_s", "training_time_high_s"):
        yield Fact(f"{ref}.{name}", ref, "time", getattr(candidate, name), bound=True)


def _of_attributions(evidence: Evidence) -> Iterator[Fact]:
    for part in evidence.attributions:
        ref = f"shap.{part.feature}={part.value}"
        yield Fact(ref, "shap", CONTRIBUTION, part.mean_contribution, part.feature, part.value)
        yield Fact(f"{ref}.n_trials", "shap", "n_trials", part.n_trials, part.feature, part.value)
        yield from _level(ref, "shap", part.feature, part.value)


def _of_list(evidence: Evidence) -> Iterator[Fact]:
    datasets = {trial.dataset for trial in evidence.trials}
    yield Fact("trials", "list", "count_trials", len(evidence.trials))
    yield Fact("candidates", "list", "count_candidates", len(evidence.candidates))
    yield Fact("trials.datasets", "list", "count_datasets", len(datasets))
