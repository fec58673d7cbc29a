"""A second language model scores a recommendation (paper, section 2.4), and what needs no model.

What can be computed is computed: format and consistency (`exact`). Completeness, fluency
and conciseness are a judge's to say (`rating`), and a judge that cannot tell a good
explanation from a damaged one (`check`) is not listened to.
"""

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.evaluation import JudgeParameters, Settings
from metallmix_kedro.explanation import PromptTexts, explain_from_attributions
from metallmix_kedro.history import History
from metallmix_kedro.judging import check
from metallmix_kedro.judging.check import JudgeReport
from metallmix_kedro.judging.exact import ExactScores, Judged, exact_scores, read_judged
from metallmix_kedro.judging.model import find_judge
from metallmix_kedro.judging.rating import Rating, rate
from metallmix_kedro.language_models import LanguageModel, LLMUnavailableError

Status = Literal["judged", "not usable", "no usable verdict", "no judge"]


class Verdict(BaseModel):
    """What the judge says of one recommendation.

    ``scores`` are missing where the judge is not usable: then ``reason`` says how it failed on
    damaged explanations, and what it said stands in ``rating`` alone. ``judge_usable`` is missing
    where it was not checked. ``explanation`` is what stands after the verdict: where a usable judge
    gives a model's explanation less than ``min_score`` on average, the one made from the SHAP
    values (``explanation_by``).
    """

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[3] = 3
    status: Status
    reason: str | None
    model: str | None
    digest: str | None
    quantisation: str | None
    judges_own_work: bool | None
    judge_usable: bool | None
    judge_auc: check.Separation | None
    prompt_sha256: str
    scores: dict[str, float] | None
    exact: ExactScores
    rating: Rating | None
    explanation: str
    explanation_by: Literal["llm", "attributions"]


def judge_recommendation(
    recommendation: Mapping[str, Any],
    prompts: PromptTexts,
    parameters: JudgeParameters,
    checked: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Score a recommendation 0 to 4 on three criteria.

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
        With a provider that is named, if there is no such judge.
    """
    judged = read_judged(recommendation)
    writer = _writer(recommendation, judged)
    model, reason = _judge(writer, parameters)
    status: Status = "no judge"
    rated = trust = scores = None
    if model is not None:
        rated = rate(
            model, prompts, parameters, judged.evidence, judged.chosen_ref, judged.explanation
        )
        trust = _trust(checked, model, prompts)
        status, reason, scores = _heard(rated, trust)
    low = trust is not None and scores is not None and fmean(scores.values()) < parameters.min_score
    replaced = low and judged.explanation_by == "llm"
    made = explain_from_attributions(judged.evidence, judged.chosen_ref).text if replaced else None
    return Verdict(
        status=status,
        reason=reason,
        model=model and model.identity.name,
        digest=model and model.identity.digest,
        quantisation=model and model.identity.quantisation,
        judges_own_work=model and writer is not None and writer == model.identity.digest,
        judge_usable=trust and trust.usable,
        judge_auc=trust and trust.all,
        prompt_sha256=prompts.sha256,
        scores=scores,
        exact=exact_scores(judged),
        rating=rated,
        explanation=made or judged.explanation,
        explanation_by="attributions" if replaced else judged.explanation_by,
    ).model_dump(mode="json")


def rate_labelled(
    recommendation: Mapping[str, Any],
    history: History,
    prompts: PromptTexts,
    settings: Settings,
    known: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Have the judge of a recommendation rate good and damaged explanations it has not rated."""
    model, _ = _checked_judge(recommendation, settings)
    if model is not None:
        yield from check.rate_examples(model, prompts, history, settings, known)


def report_judge(
    recommendation: Mapping[str, Any],
    history: History,
    prompts: PromptTexts,
    settings: Settings,
    known: Mapping[str, Any],
) -> dict[str, Any]:
    """Say how far the judge can be trusted, as a `check.JudgeReport` in JSON."""
    model, reason = _checked_judge(recommendation, settings)
    found = JudgeReport(reason=reason)
    if model is not None:
        found = check.report(model.identity, prompts, history, settings, known)
    return found.model_dump(mode="json")


def _checked_judge(
    recommendation: Mapping[str, Any], settings: Settings
) -> tuple[LanguageModel | None, str | None]:
    """Return the judge of a recommendation if it is to be checked, else why it is not."""
    parameters = settings.evaluation.judge
    if not parameters.n_checked:
        return None, "it is not checked (evaluation.judge.n_checked is 0)"
    return _judge(_writer(recommendation, read_judged(recommendation)), parameters)


def _judge(
    writer: str | None, parameters: JudgeParameters
) -> tuple[LanguageModel | None, str | None]:
    """Return the judge, or None and why there is none; one that was asked for has to be there."""
    try:
        return find_judge(parameters, writer), None
    except LLMUnavailableError as error:
        if parameters.provider not in ("auto", "none"):
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
    return found if found.usable is not None and same else None


def _heard(
    rated: Rating, trust: JudgeReport | None
) -> tuple[Status, str | None, dict[str, float] | None]:
    """Return what a rating comes to, why, and the scores that count."""
    if rated.scores is None:
        return "no usable verdict", rated.error, None
    if trust is None or trust.usable:
        return "judged", None, rated.scores
    why = trust.reason
    if trust.all is not None and trust.all.auc is not None:
        why = (
            f"it tells good explanations from damaged ones with an AUC of {trust.all.auc:.2f} "
            f"({trust.all.low:.2f} to {trust.all.high:.2f} on {trust.all.n}), which is not surely "
            f"above {trust.min_auc:g}"
        )
    return "not usable", f"the judge is not usable: {why}", None


def _writer(recommendation: Mapping[str, Any], judged: Judged) -> str | None:
    """Return the digest of the model that wrote the explanation, if one did and is recorded."""
    if judged.explanation_by != "llm":
        return None
    reply = recommendation.get("provenance", {}).get("llm_reply", {})
    digest = reply.get("digest") if isinstance(reply, Mapping) else None
    return digest if isinstance(digest, str) else None
