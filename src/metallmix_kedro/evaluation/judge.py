"""A second language model scores a recommendation (paper, section 2.4), and what needs no model.

What can be computed is computed: format and the consistency of claims with the evidence stand
beside the judge's own scores of them, under names of their own.
"""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from metallmix_kedro.errors import ArtifactError
from metallmix_kedro.evaluation.judge_parameters import JudgeParameters
from metallmix_kedro.recommendation.checks import Check, check_explanation
from metallmix_kedro.recommendation.evidence import Evidence
from metallmix_kedro.recommendation.ollama_server import (
    LLMUnavailableError,
    ServedModel,
    find_model,
)
from metallmix_kedro.recommendation.prompt import PromptTexts
from metallmix_kedro.recommendation.reply import ModelText, UnusableReplyError, load_object
from metallmix_kedro.search_space import Configuration

CRITERIA = ("completeness", "fluency", "conciseness", "consistency", "format")
"""What a recommendation is scored on, each 0 to 4."""

BEST_SCORE = 4


class JudgeRun(BaseModel):
    """One run of the judge; ``scores`` is missing if its reply could not be read."""

    model_config = ConfigDict(frozen=True)

    seed: int
    scores: dict[str, int] | None
    error: ModelText | None
    raw: ModelText


class Score(BaseModel):
    """Mean and population standard deviation over the runs that could be read."""

    model_config = ConfigDict(frozen=True)

    mean: float
    spread: float


class ExactScores(BaseModel):
    """What is known without asking a model.

    ``claims_shown`` and ``claims_written`` are shares in [0, 1] of supported claims in the
    explanation as it is shown and as it was first written, missing if it claims nothing;
    ``configuration_agrees`` says whether the configuration is that of the chosen candidate, and
    ``explanation_is_prose`` whether the explanation is more than a fragment of the reply's JSON.
    """

    model_config = ConfigDict(frozen=True)

    claims_shown: float | None
    claims_written: float | None
    configuration_agrees: bool
    explanation_is_prose: bool


class Verdict(BaseModel):
    """What the judge says of one recommendation."""

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1] = 1
    status: Literal["judged", "no usable verdict", "no judge"]
    reason: str | None
    model: str | None
    digest: str | None
    quantisation: str | None
    judges_own_work: bool | None
    temperature: float
    prompt_sha256: str
    n_runs: int
    n_usable: int
    scores: dict[str, Score] | None
    exact: ExactScores
    runs: tuple[JudgeRun, ...]


class _Judged(BaseModel):
    """The parts of a recommendation that are judged."""

    evidence: Evidence
    chosen_ref: str
    configuration: Configuration
    explanation: str
    explanation_by: Literal["llm", "attributions"]
    checks: tuple[Check, ...]


def judge_recommendation(
    recommendation: Mapping[str, Any], prompts: PromptTexts, parameters: JudgeParameters
) -> dict[str, Any]:
    """Score a recommendation 0 to 4 on five criteria, as the mean of several runs.

    A reply that cannot be read is missing, never a 0 or a 4; without any judge the verdict says
    so and holds the exact scores alone.

    Parameters
    ----------
    recommendation : mapping
        As the recommendation pipeline stores it.
    prompts : PromptTexts
        The judge's.
    parameters : JudgeParameters

    Returns
    -------
    dict
        A `Verdict` as JSON.

    Raises
    ------
    ArtifactError
        If the recommendation lacks a part that is judged.
    LLMUnavailableError
        With ``provider: ollama``, if no server answers or it has not the model.
    """
    judged = _read(recommendation)
    try:
        served = _find(parameters)
    except LLMUnavailableError as error:
        if parameters.provider == "ollama":
            raise
        return _verdict(judged, prompts, parameters, None, (), str(error), None)
    runs = tuple(_runs(judged, prompts, parameters, served))
    writer = _writer(recommendation) if judged.explanation_by == "llm" else None
    own = writer is not None and writer == served.digest
    return _verdict(judged, prompts, parameters, served, runs, None, own)


def _read(recommendation: Mapping[str, Any]) -> _Judged:
    try:
        judged = _Judged.model_validate(dict(recommendation))
        judged.evidence.candidate(judged.chosen_ref)
    except (ValidationError, KeyError) as error:
        raise ArtifactError(
            "The recommendation cannot be judged, because it is incomplete or of another version "
            f"({error}); make it anew with: kedro run --pipelines=recommendation"
        ) from error
    return judged


def _find(parameters: JudgeParameters) -> ServedModel:
    if parameters.provider == "none":
        raise LLMUnavailableError("no judge was asked (provider is none)")
    return find_model(parameters.model, parameters)


def _runs(
    judged: _Judged, prompts: PromptTexts, parameters: JudgeParameters, served: ServedModel
) -> list[JudgeRun]:
    # Imported only here: without a server nothing of langchain is needed.
    from metallmix_kedro.recommendation.ollama_chat import chat

    messages = [
        ("system", prompts.system),
        (
            "human",
            prompts.render(
                evidence=judged.evidence,
                chosen=judged.evidence.candidate(judged.chosen_ref),
                explanation=judged.explanation,
            ),
        ),
    ]
    runs = []
    for number in range(parameters.n_runs):
        seed = parameters.seed + number
        answer = chat(
            messages,
            verdict_schema(),
            served.name,
            parameters,
            parameters.temperature,
            seed,
            parameters.timeout_s,
        )
        scores, error = (None, answer.error) if answer.error else parse_scores(answer.text)
        runs.append(JudgeRun(seed=seed, scores=scores, error=error, raw=answer.text))
    return runs


def verdict_schema() -> dict[str, Any]:
    """Return the JSON Schema of a judge's reply."""
    score = {"type": "integer", "minimum": 0, "maximum": BEST_SCORE}
    return {
        "type": "object",
        "properties": dict.fromkeys(CRITERIA, score),
        "required": list(CRITERIA),
    }


def parse_scores(raw: str) -> tuple[dict[str, int] | None, str | None]:
    """Read the five scores out of a judge's reply.

    Returns
    -------
    dict or None
        All five, each a whole number in [0, 4]; None if one is not.
    str or None
        Why there are none.
    """
    try:
        answer = load_object(raw)
    except UnusableReplyError as error:
        return None, str(error)
    scores: dict[str, int] = {}
    for name in CRITERIA:
        value = answer.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= BEST_SCORE:
            return None, f"'{name}' is not a whole number from 0 to {BEST_SCORE}"
        scores[name] = value
    return scores, None


def _verdict(
    judged: _Judged,
    prompts: PromptTexts,
    parameters: JudgeParameters,
    served: ServedModel | None,
    runs: tuple[JudgeRun, ...],
    reason: str | None,
    judges_own_work: bool | None,
) -> dict[str, Any]:
    usable = [run.scores for run in runs if run.scores is not None]
    if served is not None and not usable:
        reason = runs[-1].error
    status = "no judge" if served is None else "judged" if usable else "no usable verdict"
    return Verdict.model_validate(
        {
            "status": status,
            "reason": reason,
            "model": served and served.name,
            "digest": served and served.digest,
            "quantisation": served and served.quantisation,
            "judges_own_work": judges_own_work,
            "temperature": parameters.temperature,
            "prompt_sha256": prompts.sha256,
            "n_runs": len(runs),
            "n_usable": len(usable),
            "scores": {name: _summary([s[name] for s in usable]) for name in CRITERIA}
            if usable
            else None,
            "exact": _exact(judged),
            "runs": runs,
        }
    ).model_dump(mode="json")


def _summary(values: Sequence[int]) -> Score:
    return Score(
        mean=round(statistics.fmean(values), 4), spread=round(statistics.pstdev(values), 4)
    )


def _exact(judged: _Judged) -> ExactScores:
    shown = check_explanation(judged.explanation, judged.evidence, judged.chosen_ref)
    chosen = judged.evidence.candidate(judged.chosen_ref)
    text = judged.explanation.strip()
    return ExactScores(
        claims_shown=_supported_share(shown),
        claims_written=_supported_share(judged.checks),
        configuration_agrees=judged.configuration == chosen.configuration,
        explanation_is_prose=bool(text) and not text.startswith(("{", "[", "```")),
    )


def _supported_share(checks: Sequence[Check]) -> float | None:
    if not checks:
        return None
    return round(sum(check.supported for check in checks) / len(checks), 4)


def _writer(recommendation: Mapping[str, Any]) -> str | None:
    """Return the digest of the model that wrote the explanation, if it is recorded."""
    reply = recommendation.get("provenance", {}).get("llm_reply", {})
    digest = reply.get("digest") if isinstance(reply, Mapping) else None
    return digest if isinstance(digest, str) else None
