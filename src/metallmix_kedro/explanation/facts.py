"""What stands at every reference into the evidence."""

import math
from collections.abc import Iterator

from metallmix_kedro.explanation.evidence import Candidate, Evidence, RetrievedTrial


def said_values(evidence: Evidence) -> dict[str, str]:
    """Return what stands at every reference of a check, as text.

    Returns
    -------
    dict of str to str
        For example ``"C1.score"`` to ``"0.941"``, ``"T3.dataset"`` to the dataset's name.
    """
    found: list[tuple[str, object]] = [("target.name", evidence.target.name)]
    for candidate in evidence.candidates:
        found += _of_owner(candidate)
    for trial in evidence.trials:
        found += _of_owner(trial)
    for part in evidence.attributions:
        ref = f"shap.{part.feature}={part.value}"
        found += [(ref, part.mean_contribution), (f"{ref}.n_trials", part.n_trials)]
    return {ref: f"{value:.6g}" if _is_number(value) else str(value) for ref, value in found}


def _of_owner(owner: Candidate | RetrievedTrial) -> Iterator[tuple[str, object]]:
    own: dict[str, object] = dict(owner.configuration.as_dict())
    if isinstance(owner, Candidate):
        scores = ("score", "score_low", "score_high", "relative_score")
        times = ("training_time_s", "training_time_low_s", "training_time_high_s")
        own |= {name: getattr(owner, name) for name in (*scores, *times)}
        own["roles"] = ", ".join(owner.roles)
        parts = owner.contributions
    else:
        own |= {name: getattr(owner, name) for name in ("dataset", "distance", "training_time_s")}
        own |= owner.metrics
        parts = owner.top_features
    own |= {f"shap.{part.feature}={part.value}": part.contribution for part in parts}
    yield from ((f"{owner.ref}.{name}", value) for name, value in own.items())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
