"""Judging the judge: how well it tells good explanations from damaged ones."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from statistics import fmean
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict
from scipy import stats

from metallmix_kedro.evaluation import Settings, replay_tables
from metallmix_kedro.explanation import Evidence, PromptTexts, check_explanation
from metallmix_kedro.history import History
from metallmix_kedro.judging.ablation_keys import fingerprint, short_hash
from metallmix_kedro.judging.damage import JUDGED, KINDS, Example, labelled_set
from metallmix_kedro.judging.exact import BEST_SCORE, format_score, supported_share
from metallmix_kedro.judging.left_out import leave_out
from metallmix_kedro.judging.rating import Rating, rate
from metallmix_kedro.language_models import Identity, LanguageModel

N_BOOTSTRAP = 2000
DECIMALS = 4

Values = npt.NDArray[np.float64]


class Separation(BaseModel):
    """How well good explanations are told from damaged ones made of them, by ``n`` pairs.

    ``auc`` is the share of all pairs (a good one, a damaged one) in which the judge gives the good
    one more, equals counting half; ``low`` and ``high`` are its 95 % interval, a percentile
    bootstrap over explanations. ``exact_auc`` is the same by the computed scores. Missing where
    fewer than two could be read.
    """

    model_config = ConfigDict(frozen=True)

    n: int
    auc: float | None = None
    low: float | None = None
    high: float | None = None
    exact_auc: float | None = None


class JudgeReport(BaseModel):
    """How far a judge can be trusted.

    ``all`` is the mean over the kinds of damage that a judge is asked about; ``usable`` whether
    its interval lies above `min_auc`, missing where it was not checked. ``unreadable`` is the share
    of ratings that could not be read.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[2] = 2
    status: Literal["checked", "not checked", "no judge"]
    reason: str | None
    model: str | None = None
    digest: str | None = None
    prompt_sha256: str | None = None
    min_auc: float | None = None
    usable: bool | None = None
    unreadable: float | None = None
    all: Separation | None = None
    kinds: dict[str, Separation] = {}


def rate_examples(
    model: LanguageModel,
    prompts: PromptTexts,
    history: History,
    settings: Settings,
    known: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rate the labelled set, made of targets all over the history; what is known is not asked.

    Every target is left out of the history that its explanations are made from.

    Yields
    ------
    str
        Key of the rating: target, candidate, kind and a hash of all that it depends on.
    dict
        The rating, the computed score and which example it is of, as JSON.
    """
    parameters, common = (
        settings.evaluation.judge,
        common_to_all(model.identity, prompts, history, settings),
    )
    tables, _ = replay_tables(history, settings.evaluation.source, settings.evaluation.min_trials)
    spread = Counter(i * len(tables) // parameters.n_checked for i in range(parameters.n_checked))
    for number, n_good in spread.items():
        name = partial(_key, tables[number].dataset, common)
        if all(name(f"C{n}", kind) in known for n in range(1, n_good + 1) for kind in KINDS):
            continue
        evidence = leave_out(history, tables[number], settings).evidence
        for example in labelled_set(evidence, n_good, parameters.seed):
            key = name(example.chosen_ref, example.kind)
            if key not in known:
                rated = rate(model, prompts, parameters, evidence, example.chosen_ref, example.text)
                yield (
                    key,
                    {
                        "common": common,
                        "example": f"{tables[number].dataset}/{example.chosen_ref}",
                        "kind": example.kind,
                        "exact": _exact(example, evidence),
                        "rating": rated.model_dump(mode="json"),
                    },
                )


def common_to_all(
    identity: Identity, prompts: PromptTexts, history: History, settings: Settings
) -> str:
    """Hash what all ratings of a judge depend on."""
    parameters = settings.evaluation.judge
    trials = fingerprint(history, settings, prompts.sha256)
    how = (parameters.seed, parameters.think)
    return short_hash((identity.digest or identity.name, trials, how), 16)


def _key(dataset: str, common: str, ref: str, kind: str) -> str:
    # The store keeps a folder of files: one target a folder.
    return f"{dataset}/{ref}-{kind}-{common}"


def report(
    identity: Identity,
    prompts: PromptTexts,
    history: History,
    settings: Settings,
    known: Mapping[str, Any],
) -> JudgeReport:
    """Say how well a judge separates good from damaged, from its ratings.

    Parameters
    ----------
    identity : Identity
        Of the judge.
    prompts : PromptTexts
    history : History
    settings : Settings
    known : mapping of str to dict
        Ratings by key, as `rate_examples` gives them.
    """
    parameters, common = (
        settings.evaluation.judge,
        common_to_all(identity, prompts, history, settings),
    )
    rows = [one for one in known.values() if one.get("common") == common]
    ratings = [Rating.model_validate(one["rating"]) for one in rows]
    frame = pd.DataFrame(rows, columns=["example", "kind", "exact"])
    frame["judged"] = [
        np.nan if one.scores is None else fmean(one.scores.values()) for one in ratings
    ]
    judged = frame.pivot(index="example", columns="kind", values="judged")
    exact = frame.pivot(index="example", columns="kind", values="exact")
    kinds = {
        kind: separation(judged, exact, (kind,), parameters.seed)
        for kind in KINDS
        if kind in judged and kind != "good"
    }
    found = separation(judged, exact, tuple(k for k in JUDGED if k in judged), parameters.seed)
    return JudgeReport(
        status="checked",
        reason=None if found.auc is not None else "too few of its ratings could be read",
        model=identity.name,
        digest=identity.digest,
        prompt_sha256=prompts.sha256,
        min_auc=parameters.min_auc,
        usable=found.low is not None and found.low > parameters.min_auc,
        unreadable=round(fmean(one.scores is None for one in ratings), DECIMALS) if rows else None,
        all=found,
        kinds=kinds,
    )


def separation(
    judged: pd.DataFrame, exact: pd.DataFrame, kinds: tuple[str, ...], seed: int
) -> Separation:
    """Compare good explanations with damaged ones, as the mean over some kinds of damage.

    Parameters
    ----------
    judged, exact : pandas.DataFrame
        Scores, a row an explanation, with the columns ``good`` and `kinds`; NaN where none could
        be read.
    kinds : tuple of str
    seed : int
        Of the bootstrap.
    """
    columns = ["good", *kinds]
    if not kinds or "good" not in judged:
        return Separation(n=0)
    read = judged[columns].dropna()
    if len(read) < 2:
        return Separation(n=len(read))
    samples = tuple(read[column].to_numpy() for column in columns)
    interval = stats.bootstrap(
        samples,
        mean_auc,
        n_resamples=N_BOOTSTRAP,
        vectorized=False,
        paired=True,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    computed = exact[columns].dropna()
    return Separation(
        n=len(read),
        auc=round(mean_auc(*samples), DECIMALS),
        low=round(float(interval.low), DECIMALS),
        high=round(float(interval.high), DECIMALS),
        exact_auc=round(mean_auc(*(computed[c].to_numpy() for c in columns)), DECIMALS),
    )


def mean_auc(good: Values, *damaged: Values) -> float:
    """Return the mean over kinds of the area under the ROC curve (Mann-Whitney's U, normalised).

    Examples
    --------
    >>> mean_auc(np.array([3.0, 4.0]), np.array([3.0, 1.0]))
    0.875
    """
    areas = [np.sign(good[:, None] - one[None, :]).mean() / 2 + 0.5 for one in damaged]
    return float(np.mean(areas))


def _exact(example: Example, evidence: Evidence) -> float:
    """Return the sum of the computed scores of a text, 0 to 8."""
    share = supported_share(check_explanation(example.text, evidence, example.chosen_ref))
    return BEST_SCORE * (share or 0.0) + format_score(example.text, configuration_agrees=True)
