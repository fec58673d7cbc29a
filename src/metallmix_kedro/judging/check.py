"""Judging the judge: how well it tells good explanations from damaged ones."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.evaluation import JudgeParameters
from metallmix_kedro.explanation import Evidence, PromptTexts, check_explanation
from metallmix_kedro.judging.damage import JUDGED, Example, labelled_set
from metallmix_kedro.judging.exact import BEST_SCORE, format_score, supported_share
from metallmix_kedro.judging.rating import CRITERIA, JudgeRun, rate
from metallmix_kedro.language_models import Identity, LanguageModel


class Separation(BaseModel):
    """How well one kind of damage is told from good explanations.

    ``auc`` is the share of pairs (a good one, a damaged one) in which the judge gives the good
    one more, equals counting half; ``agreement`` the share of damaged ones that got less than
    the very explanation they were made from; ``exact_auc`` is the same as `auc` by the computed
    scores. Missing where nothing could be read.
    """

    model_config = ConfigDict(frozen=True)

    n_good: int
    n_damaged: int
    auc: float | None
    agreement: float | None
    exact_auc: float | None


class JudgeReport(BaseModel):
    """How far a judge can be trusted.

    ``auc`` is the mean over the kinds of damage that a judge is asked about; ``usable`` whether
    it reaches `min_auc`, missing where it was not checked. ``retest_spread`` is the mean standard
    deviation of a criterion over the runs on one text; ``unreadable`` the share of ratings that
    could not be read.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1] = 1
    status: Literal["checked", "not checked", "no judge"]
    reason: str | None
    model: str | None = None
    digest: str | None = None
    prompt_sha256: str | None = None
    min_auc: float | None = None
    auc: float | None = None
    usable: bool | None = None
    retest_spread: float | None = None
    unreadable: float | None = None
    kinds: dict[str, Separation] = {}


def rate_examples(
    model: LanguageModel,
    prompts: PromptTexts,
    parameters: JudgeParameters,
    evidence: Evidence,
    known: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rate the labelled set, one example after the other; what is known is not asked again.

    Yields
    ------
    str
        Key of the rating: judge, prompt, parameters and text.
    dict
        The runs, as JSON.
    """
    for example in labelled_set(evidence, parameters.n_checked, parameters.seed):
        key = rating_key(model.identity, prompts, parameters, example)
        if key not in known:
            runs = rate(model, prompts, parameters, evidence, example.chosen_ref, example.text)
            yield key, {"runs": [run.model_dump(mode="json") for run in runs]}


def rating_key(
    identity: Identity, prompts: PromptTexts, parameters: JudgeParameters, example: Example
) -> str:
    """Name a rating by candidate, kind of damage and a hash of all that it depends on."""
    parts = (
        identity.digest or identity.name,
        prompts.sha256,
        parameters.temperature,
        parameters.seed,
        parameters.n_runs,
        parameters.think,
        example.key,
        example.text,
    )
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    # The store keeps a folder of files: one candidate a folder.
    return f"{example.chosen_ref}/{example.kind or 'good'}-{digest[:16]}"


def report(
    identity: Identity,
    prompts: PromptTexts,
    parameters: JudgeParameters,
    evidence: Evidence,
    known: Mapping[str, Any],
) -> JudgeReport:
    """Say how well a judge separates good from damaged, from its ratings.

    Parameters
    ----------
    identity : Identity
        Of the judge.
    prompts : PromptTexts
    parameters : JudgeParameters
    evidence : Evidence
    known : mapping of str to dict
        Ratings by key, as `rate_examples` gives them.
    """
    examples = labelled_set(evidence, parameters.n_checked, parameters.seed)
    runs = {
        example.key: [JudgeRun.model_validate(run) for run in known[key]["runs"]]
        for example in examples
        if (key := rating_key(identity, prompts, parameters, example)) in known
    }
    judged = {key: total for key, listed in runs.items() if (total := _total(listed)) is not None}
    exact = {example.key: _exact(example, evidence) for example in examples}
    kinds = {
        kind: _separation(kind, examples, judged, exact)
        for kind in dict.fromkeys(example.kind for example in examples if example.kind)
    }
    values = [kinds[kind].auc for kind in JUDGED if kind in kinds]
    auc = fmean(value or 0.0 for value in values) if values and None not in values else None
    return JudgeReport(
        status="checked",
        reason=None if auc is not None else "too few of its ratings could be read",
        model=identity.name,
        digest=identity.digest,
        prompt_sha256=prompts.sha256,
        min_auc=parameters.min_auc,
        auc=None if auc is None else round(auc, 4),
        usable=auc is not None and auc >= parameters.min_auc,
        retest_spread=_retest_spread(list(runs.values())),
        unreadable=_unreadable(list(runs.values())),
        kinds=kinds,
    )


def area_under_curve(good: Sequence[float], damaged: Sequence[float]) -> float | None:
    """Return the share of pairs in which the good one is higher, equals counting half.

    Examples
    --------
    >>> area_under_curve([3, 4], [3, 1])
    0.875
    """
    pairs = [(left > right) + 0.5 * (left == right) for left in good for right in damaged]
    return round(fmean(pairs), 4) if pairs else None


def _separation(
    kind: str,
    examples: Sequence[Example],
    judged: Mapping[str, float],
    exact: Mapping[str, float],
) -> Separation:
    good = [example.key for example in examples if example.kind is None]
    damaged = [example.key for example in examples if example.kind == kind]
    read_good = [judged[key] for key in good if key in judged]
    read_damaged = [judged[key] for key in damaged if key in judged]
    pairs = [
        (judged[f"{key.partition('/')[0]}/good"], judged[key])
        for key in damaged
        if key in judged and f"{key.partition('/')[0]}/good" in judged
    ]
    return Separation(
        n_good=len(read_good),
        n_damaged=len(read_damaged),
        auc=area_under_curve(read_good, read_damaged),
        agreement=round(fmean(left > right for left, right in pairs), 4) if pairs else None,
        exact_auc=area_under_curve([exact[k] for k in good], [exact[k] for k in damaged]),
    )


def _total(runs: Sequence[JudgeRun]) -> float | None:
    """Return the mean score over criteria and readable runs."""
    totals = [fmean(run.scores[name] for name in CRITERIA) for run in runs if run.scores]
    return fmean(totals) if totals else None


def _exact(example: Example, evidence: Evidence) -> float:
    """Return the sum of the computed scores of a text, 0 to 8."""
    share = supported_share(check_explanation(example.text, evidence, example.chosen_ref))
    return BEST_SCORE * (share or 0.0) + format_score(example.text, configuration_agrees=True)


def _retest_spread(rated: Sequence[Sequence[JudgeRun]]) -> float | None:
    spreads = []
    for runs in rated:
        usable = [run.scores for run in runs if run.scores is not None]
        if len(usable) > 1:
            spreads += [pstdev([scores[name] for scores in usable]) for name in CRITERIA]
    return round(fmean(spreads), 4) if spreads else None


def _unreadable(rated: Sequence[Sequence[JudgeRun]]) -> float | None:
    every = [run.scores is None for runs in rated for run in runs]
    return round(fmean(every), 4) if every else None
