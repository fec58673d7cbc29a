"""What a recommendation rests on, numbered so that an explanation can be checked against it."""

import math

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.history import MEASURES, Measure, Objective
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import Configuration


class _Evidence(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Evidence):
    """The dataset a configuration is asked for: its name and its meta-features."""

    name: str
    meta_features: MetaFeatures


class Attribution(_Evidence):
    """What one value of one feature adds to the relative score, on average over trials (SHAP)."""

    feature: str
    value: str
    mean_contribution: float
    n_trials: int


class TopFeature(_Evidence):
    """One of a trial's strongest SHAP contributions to its predicted relative score."""

    feature: str
    value: str
    contribution: float


class RetrievedTrial(_Evidence):
    """A similar past trial (paper, section 2.3): where, with what, how well, and why.

    ``ref`` is ``T1`` to ``T8``, most similar first; ``distance`` is Euclidean between standardised
    meta-features.
    """

    ref: str
    trial_id: str
    dataset: str
    distance: float
    meta_features: MetaFeatures
    configuration: Configuration
    metrics: dict[str, float]
    training_time_s: float
    top_features: tuple[TopFeature, ...]


class Candidate(_Evidence):
    """A configuration of the short list with the surrogate's prediction for the target.

    ``ref`` is ``C1``, ``C2``, ...; ``C1`` is the surrogate's first choice. ``score``,
    ``score_low`` and ``score_high`` are the objective's metric, in [0, 1]; ``relative_score`` is
    on the scale within a dataset; times are seconds. ``roles`` says why it is listed:
    ``surrogate_best`` (``most_promising`` after trials on the target), ``different``,
    ``best_on_average``. ``chance`` is the probability that it scores above the one
    that is best on average, None for that one or where there is none. ``gain_chance`` is how likely
    it scores above the best trial on the target, None without such trials.
    ``contributions`` are the SHAP contributions of the configuration's own features to its relative
    score.
    """

    ref: str
    configuration: Configuration
    roles: tuple[str, ...]
    relative_score: float
    score: float
    score_low: float
    score_high: float
    training_time_s: float
    training_time_low_s: float
    training_time_high_s: float
    chance: float | None = None
    gain_chance: float | None = None
    contributions: tuple[TopFeature, ...]


class OwnTrial(_Evidence):
    """A trial on the target itself: the score is the objective's metric, in [0, 1]."""

    configuration: Configuration
    score: float


class OwnTrials(_Evidence):
    """The trials on the target itself: how many, and the best of them, best first.

    What is predicted of the candidates is conditioned on all of them.
    """

    n_trials: int
    best: tuple[OwnTrial, ...]


class Budget(_Evidence):
    """What a trial of the history was given: images, and the side they were resized to, pixels."""

    n_images: int
    image_size: int


class Evidence(_Evidence):
    """All that the LLM is shown and the explanation is checked against.

    ``objective`` says what the candidates' scores are; ``budget`` is None where the history does
    not say it. ``outside`` says that the target is unlike any dataset of the history.
    ``own_trials`` are those on the target itself.
    """

    objective: Objective = "accuracy"
    budget: Budget | None = None

    target: Target
    trials: tuple[RetrievedTrial, ...]
    attributions: tuple[Attribution, ...]
    candidates: tuple[Candidate, ...]
    outside: bool = False
    own_trials: OwnTrials | None = None
    warnings: tuple[str, ...]

    @property
    def measure(self) -> Measure:
        """The metric that the scores are of."""
        return MEASURES[self.objective]

    def candidate(self, ref: str) -> Candidate:
        """Return the candidate with this reference.

        Raises
        ------
        KeyError
            If there is none.
        """
        return {one.ref: one for one in self.candidates}[ref]


_OWN = {"score", "score_low", "score_high", "relative_score", "dataset", "distance"}
_TIMES = {"training_time_s", "training_time_low_s", "training_time_high_s"}


def said_values(evidence: Evidence) -> dict[str, str]:
    """Return what stands at every reference of a check, as text.

    Returns
    -------
    dict of str to str
        For example ``"C1.score"`` to ``"0.941"``, ``"T3.dataset"`` to the dataset's name.
    """
    found: dict[str, object] = {"target.name": evidence.target.name}
    owners: tuple[Candidate | RetrievedTrial, ...] = (*evidence.candidates, *evidence.trials)
    for owner in owners:
        own = {**owner.configuration.as_dict(), **owner.model_dump(include=_OWN | _TIMES)}
        if isinstance(owner, Candidate):
            own["roles"] = ", ".join(owner.roles)
            parts = owner.contributions
        else:
            own |= owner.metrics
            parts = owner.top_features
        own |= {f"shap.{part.feature}={part.value}": part.contribution for part in parts}
        found |= {f"{owner.ref}.{name}": value for name, value in own.items()}
    for part in evidence.attributions:
        ref = f"shap.{part.feature}={part.value}"
        found |= {ref: part.mean_contribution, f"{ref}.n_trials": part.n_trials}
    return {
        ref: f"{value:.6g}" if isinstance(value, int | float) else str(value)
        for ref, value in found.items()
    }


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
