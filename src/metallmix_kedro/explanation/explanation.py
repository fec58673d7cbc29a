"""An explanation made from the attributions alone, without a language model."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from metallmix_kedro.declared import titled
from metallmix_kedro.explanation.claims import Claim, Explanation, explain
from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.statements import Statement, true_statements

MAX_CONTRIBUTIONS = 4
MAX_TRIALS = 2


def explain_from_attributions(evidence: Evidence, chosen_ref: str) -> Explanation:
    """Explain a candidate by its SHAP contributions and by similar past trials.

    It is made of the same claims as a model's. This is the paper's step from SHAP values to words
    (section 2.2), made automatic.

    Parameters
    ----------
    evidence : Evidence
    chosen_ref : str
        Reference of the candidate to explain.

    Raises
    ------
    KeyError
        If the evidence has no such candidate.
    """
    picked = _pick(true_statements(evidence, chosen_ref), evidence, chosen_ref)
    return explain([Claim(one.kind, one.cites, "") for one in picked], evidence, chosen_ref)


def _pick(known: Sequence[Statement], evidence: Evidence, ref: str) -> Iterator[Statement]:
    by_kind: dict[str, list[Statement]] = defaultdict(list)
    for one in known:
        by_kind[one.kind].append(one)
    yield from by_kind["configuration"]
    yield from by_kind["prediction"][:1]
    yield from (one for one in by_kind["comparison"] if one.cites == "average")
    parts = sorted(by_kind["contribution"], key=lambda one: -abs(one.weight))
    own = [one for one in parts if not one.cites.startswith("average ")]
    yield from [one for one in own if one.weight > 0][:MAX_CONTRIBUTIONS]
    yield from [one for one in own if one.weight < 0][:MAX_CONTRIBUTIONS]
    yield from [one for one in parts if one not in own][:1]
    yield from _precedents(by_kind["past_trial"], evidence, ref)
    yield from (one for one in by_kind["caution"] if one.cites == "precedent")


def _precedents(trials: list[Statement], evidence: Evidence, ref: str) -> list[Statement]:
    """Return trials with the candidate's first named value, or the nearest where there is none."""
    used = {trial.ref: trial.configuration for trial in evidence.trials}
    chosen = evidence.candidate(ref).configuration
    same = [
        one
        for one in trials
        for name in titled()[:1]
        if getattr(used[one.cites], name) == getattr(chosen, name)
    ]
    return (same or trials[:1])[:MAX_TRIALS]
