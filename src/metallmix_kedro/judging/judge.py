"""A second language model scores a recommendation (paper, section 2.4), and what needs no model.

What can be computed is computed: format and consistency (`exact`). Completeness, fluency
and conciseness are a judge's to say (`rating`), and a judge that cannot tell a good
explanation from a damaged one (`check`) is not listened to.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.evaluation import JudgeParameters
from metallmix_kedro.explanation import PromptTexts
from metallmix_kedro.judging import check
from metallmix_kedro.judging.check import JudgeReport
from metallmix_kedro.judging.exact import (
    ExactScores,
    Judged,
    exact_scores,
    read_judged,
)
from metallmix_kedro.judging.model import find_judge
from metallmix_kedro.judging.rating import (
    JudgeRun,
    Score,
    rate,
    summarise,
)
from metallmix_kedro.language_models import LanguageModel, LLMUnavailableError

Status = Literal["judged", "not usable", "no usable verdict", "no judge"]


class Verdict(BaseModel):
    """What the judge says of one recommendation.

    ``scores`` are missing where the judge is not usable: then ``reason`` says how it failed on
    damaged explanations, and what it said stands in ``runs`` alone. ``judge_usable`` is missing
    where it was not checked.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[2] = 2
    status: Status
    reason: str | None
    model: str | None
    digest: str | None
    quantisation: str | None
    judges_own_work: bool | None
    judge_usable: bool | None
    judge_auc: float | None
    temperature: float
    prompt_sha256: str
    n_runs: int
    n_usable: int
    scores: dict[str, Score] | None
    exact: ExactScores
    runs: tuple[JudgeRun, ...]


def judge_recommendation(
    recommendation: Mapping[str, Any],
    prompts: PromptTexts,
    parameters: JudgeParameters,
    checked: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Score a recommendation 0 to 4 on three criteria, as the mean of several runs.

    A reply that cannot be read is missing, never a 0 or a 4; without any judge the verdict says
    so and holds the exact scores alone.

    Parameters
    ----------
    recommendation : mapping
        As the recommendation pipeline stores it.
    prompts : PromptTexts
        The judge's.
    parameters : JudgeParameters
    checked : mapping, optional
        A `check.JudgeReport` as JSON; counts if it is of the same judge and prompt.

    Returns
    -------
    dict
        A `Verdict` as JSON.

    Raises
    ------
    ArtifactError
        If the recommendation lacks a part that is judged.
    LLMUnavailableError
        With ``provider`` ollama or embedded, if there is no such judge.
    """
    judged = read_judged(recommendation)
    writer = _writer(recommendation, judged)
    model, reason = _judge(writer, parameters)
    if model is None:
        return _verdict(judged, prompts, parameters, None, (), reason, None, None)
    runs = rate(model, prompts, parameters, judged.evidence, judged.chosen_ref, judged.explanation)
    own = writer is not None and writer == model.identity.digest
    trust = _trust(checked, model, prompts)
    return _verdict(judged, prompts, parameters, model, runs, None, own, trust)


def rate_labelled(
    recommendation: Mapping[str, Any],
    prompts: PromptTexts,
    parameters: JudgeParameters,
    known: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Have the judge rate good and damaged explanations that it has not rated yet."""
    judged = read_judged(recommendation)
    model, _ = _judge(_writer(recommendation, judged), parameters)
    if model is not None and parameters.n_checked:
        yield from check.rate_examples(model, prompts, parameters, judged.evidence, known)


def report_judge(
    recommendation: Mapping[str, Any],
    prompts: PromptTexts,
    parameters: JudgeParameters,
    known: Mapping[str, Any],
) -> dict[str, Any]:
    """Say how far the judge can be trusted, as a `check.JudgeReport` in JSON."""
    judged = read_judged(recommendation)
    if not parameters.n_checked:
        reason = "evaluation.judge.n_checked is 0"
        return JudgeReport(status="not checked", reason=reason).model_dump(mode="json")
    model, _ = _judge(_writer(recommendation, judged), parameters)
    if model is None:
        return JudgeReport(status="no judge", reason="there is no judge").model_dump(mode="json")
    found = check.report(model.identity, prompts, parameters, judged.evidence, known)
    return found.model_dump(mode="json")


def _judge(
    writer: str | None, parameters: JudgeParameters
) -> tuple[LanguageModel | None, str | None]:
    """Return the judge, or None and why there is none; one that was asked for has to be there."""
    try:
        return find_judge(parameters, writer), None
    except LLMUnavailableError as error:
        if parameters.provider in ("ollama", "embedded"):
            raise
        return None, str(error)


def _trust(
    checked: Mapping[str, Any] | None, model: LanguageModel, prompts: PromptTexts
) -> JudgeReport | None:
    """Return the check of this very judge, if there is one."""
    if checked is None:
        return None
    found = JudgeReport.model_validate(dict(checked))
    same = (found.digest, found.prompt_sha256) == (model.identity.digest, prompts.sha256)
    return found if found.status == "checked" and same else None


def _verdict(
    judged: Judged,
    prompts: PromptTexts,
    parameters: JudgeParameters,
    model: LanguageModel | None,
    runs: tuple[JudgeRun, ...],
    reason: str | None,
    judges_own_work: bool | None,
    trust: JudgeReport | None,
) -> dict[str, Any]:
    scores = summarise(runs)
    status: Status = "judged"
    if model is None:
        status = "no judge"
    elif scores is None:
        status, reason = "no usable verdict", runs[-1].error
    elif trust is not None and not trust.usable:
        status, scores = "not usable", None
        reason = _distrust(trust)
    identity = None if model is None else model.identity
    return Verdict(
        status=status,
        reason=reason,
        model=identity and identity.name,
        digest=identity and identity.digest,
        quantisation=identity and identity.quantisation,
        judges_own_work=judges_own_work,
        judge_usable=trust and trust.usable,
        judge_auc=trust and trust.auc,
        temperature=parameters.temperature,
        prompt_sha256=prompts.sha256,
        n_runs=len(runs),
        n_usable=sum(run.scores is not None for run in runs),
        scores=scores,
        exact=exact_scores(judged),
        runs=runs,
    ).model_dump(mode="json")


def _distrust(trust: JudgeReport) -> str:
    if trust.auc is None:
        return f"the judge is not usable: {trust.reason}"
    return (
        f"the judge is not usable: it tells good explanations from damaged ones with an AUC of "
        f"{trust.auc:.2f}, below {trust.min_auc:g}"
    )


def _writer(recommendation: Mapping[str, Any], judged: Judged) -> str | None:
    """Return the digest of the model that wrote the explanation, if one did and is recorded."""
    if judged.explanation_by != "llm":
        return None
    reply = recommendation.get("provenance", {}).get("llm_reply", {})
    digest = reply.get("digest") if isinstance(reply, Mapping) else None
    return digest if isinstance(digest, str) else None
