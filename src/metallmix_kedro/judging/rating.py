"""One judge rates one explanation: the question, its reply, the three scores."""

import math
import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.evaluation import JudgeParameters
from metallmix_kedro.explanation import Evidence, PromptTexts, neutralise
from metallmix_kedro.judging.exact import BEST_SCORE
from metallmix_kedro.language_models import (
    LanguageModel,
    ModelText,
    Request,
    Token,
    UnusableReplyError,
    load_object,
    option_log_probabilities,
    split_thinking,
)

CRITERIA = ("completeness", "fluency", "conciseness")
"""What a judge scores 0 to 4; consistency and format are computed (`exact`)."""

SCORE_TOKENS = 64
DECIMALS = 4


class Rating(BaseModel):
    """What a judge says of an explanation; ``scores`` are missing if its reply cannot be read.

    With the method ``probabilities`` a score is the mean of 0 to 4, each weighed by how likely the
    judge was to write it there; with ``written`` it is the one that was written, since the server
    tells no probabilities.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scores: dict[str, float] | None
    method: Literal["probabilities", "written"] | None
    error: ModelText | None
    raw: ModelText
    thinking: ModelText | None = None


def rate(
    model: LanguageModel,
    prompts: PromptTexts,
    parameters: JudgeParameters,
    evidence: Evidence,
    chosen_ref: str,
    explanation: str,
) -> Rating:
    """Have an explanation scored.

    Names of datasets are users' texts: in the explanation as in the evidence the judge reads
    ``dataset 1``, ``dataset 2``, ... instead.
    """
    messages = prompts.messages(
        evidence=evidence,
        chosen=evidence.candidate(chosen_ref),
        explanation=without_names(explanation, evidence),
    )
    request = Request(
        messages=messages,
        schema=verdict_schema(),
        temperature=0.0,
        seed=parameters.seed,
        num_predict=parameters.num_predict if parameters.think else SCORE_TOKENS,
        log_probabilities=True,
    )
    answer = model.ask(request, parameters.timeout_s)
    text, aloud = split_thinking(answer.text)
    written, error = (None, answer.error) if answer.error else parse_scores(text)
    expected = {name: expected_score(answer.tokens, name) for name in CRITERIA}
    told = {name: score for name, score in expected.items() if score is not None}
    whole = len(told) == len(CRITERIA)
    return Rating(
        scores=None
        if written is None
        else told
        if whole
        else {k: float(written[k]) for k in written},
        method=None if written is None else "probabilities" if whole else "written",
        error=error,
        raw=text,
        thinking=answer.thinking or aloud,
    )


def expected_score(tokens: Sequence[Token], criterion: str) -> float | None:
    """Return the mean score by the probabilities at the place of a criterion's score.

    Returns
    -------
    float or None
        In [0, 4]; None if the tokens tell none.
    """
    place = re.compile(rf'"{criterion}"\s*:\s*(\d)')
    scores = [str(score) for score in range(BEST_SCORE + 1)]
    logs = option_log_probabilities(tokens, place, scores)
    shares = {int(score): math.exp(log) for score, log in logs.items()}
    total = sum(shares.values())
    if not total:
        return None
    return round(sum(score * share for score, share in shares.items()) / total, DECIMALS)


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
