"""What is known of a recommendation without asking a model: its format and its consistency."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from metallmix_kedro.explanation import Check, Evidence, check_explanation, sentences
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import ArtifactError

BEST_SCORE = 4


class Judged(BaseModel):
    """The parts of a recommendation that are judged.

    ``writer`` is the digest of the model that wrote the explanation, if one did and is recorded.
    """

    evidence: Evidence
    chosen_ref: str
    configuration: Configuration
    explanation: str
    explanation_by: Literal["llm", "attributions"]
    checks: tuple[Check, ...]
    writer: str | None


def read_judged(recommendation: Mapping[str, Any]) -> Judged:
    """Take what is judged out of a stored recommendation.

    Raises
    ------
    ArtifactError
        If it lacks a part that is judged.
    """
    reply = recommendation.get("provenance", {}).get("llm_reply", {})
    writer = reply.get("digest") if recommendation.get("explanation_by") == "llm" else None
    try:
        judged = Judged.model_validate({**recommendation, "writer": writer})
        judged.evidence.candidate(judged.chosen_ref)
    except (ValidationError, KeyError) as error:
        raise ArtifactError(
            "The recommendation cannot be judged, because it is incomplete or of another version "
            f"({error}); make it anew with: kedro run --pipelines=recommendation"
        ) from error
    return judged


def exact_scores(judged: Judged) -> dict[str, Any]:
    """Compute what needs no model.

    Returns
    -------
    dict
        ``consistency`` is 4 times the share of supported claims in the explanation as it is shown
        (``claims_shown``), missing if it claims nothing. ``format`` is 4 times the share of four
        demands that are met: the configuration is the chosen candidate's, the explanation is prose
        and no fragment of JSON, every sentence of it ends, and it is of 2 to 20 sentences.
        ``claims_written`` is the share of supported claims in what was first written.
    """
    shown = check_explanation(judged.explanation, judged.evidence, judged.chosen_ref)
    claims = supported_share(shown)
    agrees = judged.configuration == judged.evidence.candidate(judged.chosen_ref).configuration
    return {
        "consistency": None if claims is None else round(BEST_SCORE * claims, 4),
        "format": format_score(judged.explanation, agrees),
        "claims_shown": claims,
        "claims_written": supported_share(judged.checks),
        "configuration_agrees": agrees,
        "explanation_is_prose": is_prose(judged.explanation),
    }


def format_score(explanation: str, configuration_agrees: bool) -> float:
    """Score the format 0 to 4; see `exact_scores`."""
    parts = sentences(explanation)
    demands = (
        configuration_agrees,
        is_prose(explanation),
        bool(parts) and all(part[-1] in ".!?" for part in parts),
        2 <= len(parts) <= 20,
    )
    return BEST_SCORE * sum(demands) / len(demands)


def is_prose(explanation: str) -> bool:
    """Whether an explanation is more than a fragment of a reply's JSON."""
    text = explanation.strip()
    return bool(text) and not text.startswith(("{", "[", "```"))


def supported_share(checks: Sequence[Check]) -> float | None:
    """Return the share of supported claims in [0, 1], None where nothing is claimed."""
    if not checks:
        return None
    return round(sum(check.supported for check in checks) / len(checks), 4)
