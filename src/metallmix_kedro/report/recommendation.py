"""What is recommended, why, and what it rests on: the pipeline's versioned output."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from metallmix_kedro import __version__
from metallmix_kedro.decision import LearningCurves, ParetoPoint, fastest
from metallmix_kedro.explanation import (
    Budget,
    Candidate,
    Check,
    Choice,
    DecidedBy,
    Decision,
    Evidence,
    LLMReply,
    Target,
)
from metallmix_kedro.history import Objective
from metallmix_kedro.meta_features import ImagesRead
from metallmix_kedro.report.parameters import RecommendationParameters
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.surrogate import SurrogateCard

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NEAR = 0.02
"""Difference of two scores that the luck of the test images leaves (`history_summary`, noise)."""
FAR_CHEAPER = 0.67
"""Share of the chosen one's time from which on a near tie is told."""


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PredictedScore(_Output):
    """Predicted test score with its interval, and its place on the dataset's own scale."""

    value: Share
    low: Share
    high: Share
    relative: Share = Field(description="0: like the worst trial of a dataset, 1: like its best")


class PredictedTime(_Output):
    """Predicted training time in seconds, and as a multiple of the fastest candidate's.

    Seconds hold for the device most of the history was measured on and for its budget.
    """

    value: Seconds
    low: Seconds
    high: Seconds
    device: str | None = Field(description="what the history's times were taken on")
    relative: Positive = Field(description="divided by the time of the candidate relative_to")
    relative_to: str = Field(description="the fastest candidate's reference in the evidence")
    holds_for: str = Field(description="in a sentence: what the seconds hold for")


class Provenance(_Output):
    """All that is needed to see where a recommendation came from, and to make it again.

    There is no time stamp: the same inputs give the same bytes. When it was made stands in the
    run's record and in the version of the file.
    """

    metallmix_kedro: str = Field(description="version of this package")
    input_versions: dict[str, str] = Field(description="catalog dataset to the version loaded")
    evidence_sha256: str = Field(
        pattern="^[0-9a-f]{64}$", description="of the evidence as canonical JSON"
    )
    seed: int = Field(description="of the language model; nothing else here is random")
    llm_reply: LLMReply = Field(
        description="model, digest, prompt hash, ballots and raw reply; its times are left out"
    )


class Recommendation(_Output):
    """A configuration for a target, its prediction, the evidence, and what to beware of.

    The evidence is kept whole, as the language model was shown it, so that every claim of the
    explanation can be looked up and its hash be checked.
    """

    schema_version: Literal["1.4"] = "1.4"
    objective: Objective = Field(description="what the scores are: the metric asked for")
    target: Target
    read: ImagesRead | None = Field(
        description="the images of the target that count, and what was left out; null for a card"
    )
    image_traits: dict[str, float] = Field(
        default_factory=dict,
        description="what the target's images are like beyond its meta-features; empty where they "
        "were not looked at",
    )
    configuration: Configuration
    chosen_ref: str = Field(description="the chosen candidate's reference in the evidence")
    score: PredictedScore
    training_time_s: PredictedTime
    interval_level: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="share of new datasets whose result the intervals are meant to hold"
    )
    decided_by: DecidedBy
    reason: str = Field(description="why this one decided")
    choice: Choice | None = Field(
        description="what the language model's vote came to; null where it has no weight"
    )
    pareto_front: tuple[ParetoPoint, ...] = Field(
        description="configurations that none of the allowed ones beats in score and time, the "
        "fastest first, also beyond max_training_time_s; score and seconds as predicted"
    )
    relative_training_times: dict[str, Positive] = Field(
        description="of each candidate, as a multiple of the fastest one's"
    )
    learning_curves: LearningCurves | None = Field(
        description="predicted scores over the size of the training set; null where the history "
        "does not tell how many images trained its configurations"
    )
    explanation: str
    explanation_by: Literal["llm", "attributions"]
    checks: tuple[Check, ...] = Field(description="each claim of the explanation, and its support")
    evidence: Evidence
    warnings: tuple[str, ...]
    provenance: Provenance

    @property
    def near_tie(self) -> str | None:
        """Say which candidate is nearly as good and far cheaper than the chosen one, if any is."""
        chosen, times = self.chosen, self.relative_training_times
        cheaper = [
            one
            for one in self.evidence.candidates
            if chosen.score - one.score <= NEAR
            and times[one.ref] <= FAR_CHEAPER * times[chosen.ref]
        ]
        if not cheaper:
            return None
        best = max(cheaper, key=lambda one: one.score)
        return (
            f"{best.ref} takes {100 * times[best.ref] / times[chosen.ref]:.0f} % of {chosen.ref}'s "
            f"time and is predicted {100 * (best.score - chosen.score):+.1f} points: luck alone "
            "may make such a difference."
        )

    @property
    def chosen(self) -> Candidate:
        """The chosen candidate."""
        return self.evidence.candidate(self.chosen_ref)


def recommend(
    evidence: Evidence,
    reply: LLMReply,
    decision: Decision,
    card: SurrogateCard,
    front: tuple[ParetoPoint, ...],
    curves: LearningCurves | None,
    parameters: RecommendationParameters,
    input_versions: dict[str, str],
    read: ImagesRead | None = None,
    traits: Mapping[str, float] | None = None,
    slower: float | None = None,
) -> Recommendation:
    """Put the decision together with all that it rests on.

    Parameters
    ----------
    evidence : Evidence
    reply : LLMReply
        The language model's reply, or why there is none.
    decision : Decision
        What stands after the reply was checked.
    card : SurrogateCard
        Says what the surrogate's intervals and times mean.
    front : tuple of ParetoPoint
        Of the space that may be chosen from, see `decision.pareto.pareto_front`.
    curves : LearningCurves or None
        From `decision.learning_curves`.
    parameters : RecommendationParameters
        Say above which width of the interval one is warned, and the language model's seed.
    input_versions : dict of str to str
        Version of every versioned input by its name in the catalog.
    read : ImagesRead or None
        What was read of the target's folder; None for a card.
    traits : mapping of str to float, optional
        From `meta_features.known_traits`.
    slower : float, optional
        From `decision.Target`: what the times were multiplied by for this machine.
    """
    chosen = evidence.candidate(decision.chosen_ref)
    unit = fastest(evidence.candidates)
    device = None if card.device_scale is None else card.device_scale.reference
    seconds = unit.training_time_s
    relative = {
        # What is stored as no time at all is as fast as the unit.
        one.ref: round(one.training_time_s / seconds, 3) if seconds > 0 else 1.0
        for one in evidence.candidates
    }
    return Recommendation(
        objective=evidence.objective,
        target=evidence.target,
        read=read,
        image_traits=dict(traits or {}),
        configuration=chosen.configuration,
        chosen_ref=chosen.ref,
        score=PredictedScore(
            value=chosen.score,
            low=chosen.score_low,
            high=chosen.score_high,
            relative=min(max(chosen.relative_score, 0.0), 1.0),
        ),
        training_time_s=PredictedTime(
            value=chosen.training_time_s,
            low=chosen.training_time_low_s,
            high=chosen.training_time_high_s,
            device=device,
            relative=relative[chosen.ref],
            relative_to=unit.ref,
            holds_for=_holds_for(device, evidence.budget, slower),
        ),
        interval_level=card.calibration.level,
        decided_by=decision.decided_by,
        reason=decision.reason,
        choice=decision.choice,
        pareto_front=front,
        relative_training_times=relative,
        learning_curves=curves,
        explanation=decision.explanation,
        explanation_by=decision.explanation_by,
        checks=decision.checks,
        evidence=evidence,
        warnings=_warnings(evidence, reply, decision, parameters.wide_interval),
        provenance=Provenance(
            metallmix_kedro=__version__,
            input_versions=dict(sorted(input_versions.items())),
            evidence_sha256=content_sha256(evidence),
            seed=parameters.llm.seed,
            # Times differ between two runs with the same answer.
            llm_reply=reply.without_times(),
        ),
    )


def _warnings(
    evidence: Evidence, reply: LLMReply, decision: Decision, wide_interval: float
) -> tuple[str, ...]:
    """Say what to beware of; what was asked of a language model and did not come is said first."""
    asked_in_vain = None if reply.provider_used == "none" else reply.error
    chosen = evidence.candidate(decision.chosen_ref)
    found = list(evidence.warnings)
    width = chosen.score_high - chosen.score_low
    if width > wide_interval:
        found.append(
            f"The predicted {evidence.measure.label} is vague: its interval spans "
            f"{100 * width:.0f} percentage points."
        )
    if decision.decided_by != "llm":
        said = f"Decided by the {decision.decided_by}, not by a language model: {decision.reason}."
        found.insert(len(found) if asked_in_vain is None else 0, said)
    elif decision.explanation_by == "attributions":
        why = (
            "The evidence does not support the language model's explanation"
            if asked_in_vain is None
            else f"The language model gave no explanation that can be used ({asked_in_vain})"
        )
        found.append(f"{why}; the one shown is made from the attributions instead.")
    return tuple(found)


def _holds_for(device: str | None, budget: Budget | None, slower: float | None) -> str:
    """Say what predicted seconds hold for, and what to go by elsewhere."""
    images = "" if budget is None else f" and images of {budget.image_size} px"
    theirs = f"the history's device{f' ({device})' if device else ''}"
    if slower is not None:
        return (
            f"Seconds hold for this machine{images}: by one timed pass it takes {slower:g} times "
            f"as long as {theirs}."
        )
    return f"Seconds hold for {theirs}{images}; elsewhere go by the ratio."


def content_sha256(model: BaseModel) -> str:
    """Return the SHA-256 of a model as canonical JSON, hexadecimal."""
    canonical = json.dumps(model.model_dump(mode="json"), sort_keys=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def json_schema() -> dict[str, object]:
    """Return the JSON Schema that every stored recommendation satisfies."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Recommendation.model_json_schema(mode="serialization"),
    }
