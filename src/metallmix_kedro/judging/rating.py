"""One judge rates one explanation: the question, its reply, the three scores."""

from collections.abc import Sequence
from statistics import fmean, pstdev
from typing import Any

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.evaluation import JudgeParameters
from metallmix_kedro.explanation import Evidence, PromptTexts, neutralise
from metallmix_kedro.judging.exact import BEST_SCORE
from metallmix_kedro.language_models import (
    LanguageModel,
    ModelText,
    Request,
    UnusableReplyError,
    load_object,
    split_thinking,
)

CRITERIA = ("completeness", "fluency", "conciseness")
"""What a judge scores 0 to 4; consistency and format are computed (`exact`)."""

SCORE_TOKENS = 64


class JudgeRun(BaseModel):
    """One run of the judge; ``scores`` is missing if its reply could not be read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    scores: dict[str, int] | None
    error: ModelText | None
    raw: ModelText
    thinking: ModelText | None = None
    prompt_tokens: int | None = None
    reply_tokens: int | None = None


class Score(BaseModel):
    """Mean and population standard deviation over the runs that could be read."""

    model_config = ConfigDict(frozen=True)

    mean: float
    spread: float


def rate(
    model: LanguageModel,
    prompts: PromptTexts,
    parameters: JudgeParameters,
    evidence: Evidence,
    chosen_ref: str,
    explanation: str,
) -> tuple[JudgeRun, ...]:
    """Have an explanation scored several times, each run with a seed of its own.

    Names of datasets are users' texts: in the explanation as in the evidence the judge reads
    ``dataset 1``, ``dataset 2``, ... instead.
    """
    messages = prompts.messages(
        evidence=evidence,
        chosen=evidence.candidate(chosen_ref),
        explanation=without_names(explanation, evidence),
    )
    runs = []
    for number in range(parameters.n_runs):
        request = Request(
            messages=messages,
            schema=verdict_schema(),
            temperature=parameters.temperature,
            seed=parameters.seed + number,
            num_predict=parameters.num_predict if parameters.think else SCORE_TOKENS,
        )
        answer = model.ask(request, parameters.timeout_s)
        text, aloud = split_thinking(answer.text)
        scores, error = (None, answer.error) if answer.error else parse_scores(text)
        runs.append(
            JudgeRun(
                seed=request.seed,
                scores=scores,
                error=error,
                raw=text,
                thinking=answer.thinking or aloud,
                prompt_tokens=answer.prompt_tokens,
                reply_tokens=answer.reply_tokens,
            )
        )
    return tuple(runs)


def without_names(explanation: str, evidence: Evidence) -> str:
    """Replace the names of datasets by numbers, so that no name can instruct the judge.

    Parameters
    ----------
    explanation : str
    evidence : Evidence
        Whose target is ``the target`` and whose trials' datasets are numbered in their order.
    """
    names = {neutralise(evidence.target.name): "the target"}
    for trial in evidence.trials:
        names.setdefault(neutralise(trial.dataset), f"dataset {len(names)}")
    for name in sorted(names, key=len, reverse=True):
        explanation = explanation.replace(f'"{name}"', names[name])
    return explanation


def verdict_schema() -> dict[str, Any]:
    """Return the JSON Schema of a judge's reply."""
    score = {"type": "integer", "minimum": 0, "maximum": BEST_SCORE}
    return {
        "type": "object",
        "properties": dict.fromkeys(CRITERIA, score),
        "required": list(CRITERIA),
    }


def parse_scores(raw: str) -> tuple[dict[str, int] | None, str | None]:
    """Read the three scores out of a judge's reply.

    Returns
    -------
    dict or None
        All three, each a whole number in [0, 4]; None if one is not.
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


def summarise(runs: Sequence[JudgeRun]) -> dict[str, Score] | None:
    """Return mean and spread of every criterion; None if no run could be read."""
    usable = [run.scores for run in runs if run.scores is not None]
    if not usable:
        return None
    return {name: _summary([scores[name] for scores in usable]) for name in CRITERIA}


def _summary(values: Sequence[int]) -> Score:
    return Score(mean=round(fmean(values), 4), spread=round(pstdev(values), 4))
