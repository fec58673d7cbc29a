"""What a recommendation rests on, numbered so that an explanation can be checked against it."""

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

    @property
    def configurations(self) -> dict[str, Configuration]:
        """The configuration behind each reference."""
        return {
            **{candidate.ref: candidate.configuration for candidate in self.candidates},
            **{trial.ref: trial.configuration for trial in self.trials},
        }

    def candidate(self, ref: str) -> Candidate:
        """Return the candidate with this reference.

        Raises
        ------
        KeyError
            If there is none.
        """
        for candidate in self.candidates:
            if candidate.ref == ref:
                return candidate
        raise KeyError(ref)
