"""Judging the judge: how well it tells good explanations from damaged ones."""

from collections import Counter
from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict
from scipy import stats

from metallmix_kedro.evaluation import JudgeParameters, Settings, replay_tables
from metallmix_kedro.explanation import PromptTexts
from metallmix_kedro.history import History
from metallmix_kedro.judging.ablation_keys import fingerprint, short_hash
from metallmix_kedro.judging.damage import JUDGED, KINDS, labelled_set
from metallmix_kedro.judging.exact import read_judged
from metallmix_kedro.judging.left_out import leave_out
from metallmix_kedro.judging.rating import Rating, find_judge, rate
from metallmix_kedro.language_models import Identity, LanguageModel

N_BOOTSTRAP = 2000
DECIMALS = 4

Values = npt.NDArray[np.float64]


class Separation(BaseModel):
    """How well good explanations are told from damaged ones made of them, by ``n`` pairs.

    ``auc`` is the share of all pairs (a good one, a damaged one) in which the judge gives the good
    one more, equals counting half; ``low`` and ``high`` are its 95 % interval, a percentile
    bootstrap over explanations. Missing where fewer than two could be read.
    """

    model_config = ConfigDict(frozen=True)

    n: int
    auc: float | None = None
    low: float | None = None
    high: float | None = None


class JudgeReport(BaseModel):
    """How far a judge can be trusted.

    ``all`` is the mean over the kinds of damage that a judge is asked about; ``usable`` whether
    its interval lies above `min_auc`, missing where it was not checked (``reason``). ``unreadable``
    is the share of ratings that could not be read.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[2] = 2
    reason: str | None
    model: str | None = None
    digest: str | None = None
    prompt_sha256: str | None = None
    min_auc: float | None = None
    usable: bool | None = None
    unreadable: float | None = None
    all: Separation | None = None
    kinds: dict[str, Separation] = {}


def rate_labelled(
    recommendation: Mapping[str, Any],
    history: History,
    prompts: PromptTexts,
    settings: Settings,
    known: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Have the judge of a recommendation rate good and damaged explanations it has not rated.

    They are made of targets all over the history, and every target is left out of the history that
    its explanations are made from.

    Yields
    ------
    str
        Key of the rating: target, candidate, kind and a hash of all that it depends on.
    dict
        The rating and which example it is of, as JSON.
    """
    parameters = settings.evaluation.judge
    model, _ = _checked_judge(recommendation, parameters)
    if model is None:
        return
    common = _common(model.identity, prompts, history, settings)
    tables, _ = replay_tables(history, settings.evaluation.source, settings.evaluation.min_trials)
    spread = Counter(i * len(tables) // parameters.n_checked for i in range(parameters.n_checked))
    for number, n_good in spread.items():
        name = tables[number].dataset
        refs = [f"C{place}" for place in range(1, n_good + 1)]
        if all(f"{name}/{ref}-{kind}-{common}" in known for ref in refs for kind in KINDS):
            continue
        evidence = leave_out(history, tables[number], settings).evidence
        for ref, kind, text in labelled_set(evidence, n_good, parameters.seed):
            # The store keeps a folder of files: one target a folder.
            key = f"{name}/{ref}-{kind}-{common}"
            if key not in known:
                rated = rate(model, prompts, parameters, evidence, ref, text)
                row = {"common": common, "example": f"{name}/{ref}", "kind": kind}
                yield key, {**row, "rating": rated.model_dump(mode="json")}


def _common(identity: Identity, prompts: PromptTexts, history: History, settings: Settings) -> str:
    """Hash what all ratings of a judge depend on."""
    trials = fingerprint(history, settings, prompts.sha256)
    how = (settings.evaluation.judge.seed, settings.evaluation.judge.think)
    return short_hash((identity.digest or identity.name, trials, how), 16)


def report_judge(
    recommendation: Mapping[str, Any],
    history: History,
    prompts: PromptTexts,
    settings: Settings,
    known: Mapping[str, Any],
) -> dict[str, Any]:
    """Say how well the judge of a recommendation separates good from damaged, from its ratings.

    Parameters
    ----------
    recommendation : mapping
        As the recommendation pipeline stores it.
    history : History
    prompts : PromptTexts
    settings : Settings
    known : mapping of str to dict
        Ratings by key, as `rate_labelled` gives them.

    Returns
    -------
    dict
        A `JudgeReport` as JSON.
    """
    parameters = settings.evaluation.judge
    model, reason = _checked_judge(recommendation, parameters)
    if model is None:
        return JudgeReport(reason=reason).model_dump(mode="json")
    identity = model.identity
    common = _common(identity, prompts, history, settings)
    rows = [one for one in known.values() if one.get("common") == common]
    read = [Rating.model_validate(one["rating"]).scores for one in rows]
    frame = pd.DataFrame(rows, columns=["example", "kind"])
    frame["judged"] = [np.nan if one is None else fmean(one.values()) for one in read]
    judged = frame.pivot(index="example", columns="kind", values="judged")
    found = separation(judged, JUDGED, parameters.seed)
    return JudgeReport(
        reason=None if found.auc is not None else "too few of its ratings could be read",
        model=identity.name,
        digest=identity.digest,
        prompt_sha256=prompts.sha256,
        min_auc=parameters.min_auc,
        usable=found.low is not None and found.low > parameters.min_auc,
        unreadable=round(read.count(None) / len(read), DECIMALS) if read else None,
        all=found,
        kinds={kind: separation(judged, (kind,), parameters.seed) for kind in KINDS[1:]},
    ).model_dump(mode="json")


def _checked_judge(
    recommendation: Mapping[str, Any], parameters: JudgeParameters
) -> tuple[LanguageModel | None, str | None]:
    """Return the judge of a recommendation if it is to be checked, else why it is not."""
    if not parameters.n_checked:
        return None, "it is not checked (evaluation.judge.n_checked is 0)"
    return find_judge(parameters, read_judged(recommendation).writer)


def separation(judged: pd.DataFrame, kinds: tuple[str, ...], seed: int) -> Separation:
    """Compare good explanations with damaged ones, as the mean over some kinds of damage.

    Parameters
    ----------
    judged : pandas.DataFrame
        Scores, a row an explanation, with the columns ``good`` and `kinds`; NaN where none could
        be read.
    kinds : tuple of str
    seed : int
        Of the bootstrap.
    """
    read = judged.reindex(columns=["good", *kinds]).dropna()
    if len(read) < 2:
        return Separation(n=len(read))
    samples = tuple(read[column].to_numpy() for column in read)
    interval = stats.bootstrap(
        samples,
        mean_auc,
        n_resamples=N_BOOTSTRAP,
        vectorized=False,
        paired=True,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    auc, low, high = (
        round(float(one), DECIMALS) for one in (mean_auc(*samples), interval.low, interval.high)
    )
    return Separation(n=len(read), auc=auc, low=low, high=high)


def mean_auc(good: Values, *damaged: Values) -> float:
    """Return the mean over kinds of the area under the ROC curve (Mann-Whitney's U, normalised).

    Examples
    --------
    >>> mean_auc(np.array([3.0, 4.0]), np.array([3.0, 1.0]))
    0.875
    """
    areas = [np.sign(good[:, None] - one[None, :]).mean() / 2 + 0.5 for one in damaged]
    return float(np.mean(areas))
