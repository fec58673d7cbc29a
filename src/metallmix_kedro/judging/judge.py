"""A second language model scores a recommendation (paper, section 2.4), and what needs no model.

What can be computed is computed: format and consistency (`exact`). Completeness, fluency
and conciseness are a judge's to say (`rating`), and a judge that cannot tell a good
explanation from a damaged one (`check`) is not listened to.
"""

from collections.abc import Mapping
from statistics import fmean
from typing import Any, Literal

from metallmix_kedro.evaluation import JudgeParameters
from metallmix_kedro.explanation import PromptTexts, explain_from_attributions
from metallmix_kedro.judging.check import JudgeReport
from metallmix_kedro.judging.exact import exact_scores, read_judged
from metallmix_kedro.judging.rating import Rating, find_judge, rate
from metallmix_kedro.language_models import LanguageModel

Status = Literal["judged", "not usable", "no usable verdict", "no judge"]


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
        The verdict, as JSON. ``scores`` are missing where the judge is not usable: then ``reason``
        says how it failed on damaged explanations, and what it said stands in ``rating`` alone.
        ``judge_usable`` is missing where it was not checked. ``explanation`` is what stands after
        the verdict: where a usable judge gives a model's explanation less than ``min_score`` on
        average, the one made from the SHAP values (``explanation_by``).

    Raises
    ------
    ArtifactError
        If the recommendation lacks a part that is judged.
    LLMUnavailableError
        With a provider that is named, if there is no such judge.
    """
    judged = read_judged(recommendation)
    model, reason = find_judge(parameters, judged.writer)
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
    identity = model.identity if model else None
    return {
        "schema_version": 3,
        "status": status,
        "reason": reason,
        "model": identity and identity.name,
        "digest": identity and identity.digest,
        "quantisation": identity and identity.quantisation,
        "judges_own_work": identity and bool(judged.writer) and judged.writer == identity.digest,
        "judge_usable": trust and trust.usable,
        "judge_auc": trust and trust.all and trust.all.model_dump(mode="json"),
        "prompt_sha256": prompts.sha256,
        "scores": scores,
        "exact": exact_scores(judged),
        "rating": rated and rated.model_dump(mode="json"),
        "explanation": made or judged.explanation,
        "explanation_by": "attributions" if replaced else judged.explanation_by,
    }


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
