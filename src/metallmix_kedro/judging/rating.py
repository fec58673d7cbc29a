"""One judge rates one explanation: which model, the question, its reply, the three scores."""

import math
import re
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from metallmix_kedro.evaluation import JudgeParameters
from metallmix_kedro.explanation import Evidence, PromptTexts, neutralise
from metallmix_kedro.judging.exact import BEST_SCORE
from metallmix_kedro.language_models import (
    Conversation,
    LanguageModel,
    LLMUnavailableError,
    ModelText,
    Token,
    UnusableReplyError,
    connect,
    load_object,
    option_log_probabilities,
)

SCORE_TOKENS = 64
DECIMALS = 4

Score = Annotated[int, Field(strict=True, ge=0, le=BEST_SCORE)]


class Scores(BaseModel):
    """What a judge is asked for; consistency and format are computed (`exact`)."""

    completeness: Score
    fluency: Score
    conciseness: Score


CRITERIA = tuple(Scores.model_fields)


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


def find_judge(
    parameters: JudgeParameters, writer: str | None
) -> tuple[LanguageModel | None, str | None]:
    """Return the first model that is there and did not write what is judged, or why there is none.

    Tried are ``model``, then ``alternatives``; if all that are there wrote it, the first of them
    judges its own work, and the verdict says so.

    Parameters
    ----------
    parameters : JudgeParameters
    writer : str or None
        Digest of the model that wrote the explanation; None if no model did.

    Raises
    ------
    LLMUnavailableError
        With a provider that is named, if there is none.
    """
    first_error: LLMUnavailableError | None = None
    own: LanguageModel | None = None
    for name in dict.fromkeys((parameters.model, *parameters.alternatives)):
        try:
            model = connect(parameters.model_copy(update={"model": name}))
        except LLMUnavailableError as error:
            first_error = first_error or error
            if "has no model" not in str(error):
                break  # No server: the others cannot be there either.
            continue
        if writer is None or model.identity.digest != writer:
            return model, None
        own = own or model
        if model.identity.provider == "embedded":
            break  # The same one for every name.
    if own is None and first_error is not None and parameters.provider not in ("auto", "none"):
        raise first_error
    return own, None if own else str(first_error)


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
    exchange = Conversation(model, parameters, parameters.seed).exchange(
        messages,
        Scores.model_json_schema(),
        parse_scores,
        SCORE_TOKENS,
        temperature=0.0,
        log_probabilities=True,
    )
    answer = exchange.answer
    written = None if exchange.error else parse_scores(answer.text)
    found = {name: expected_score(answer.tokens, name) for name in CRITERIA}
    expected = {name: score for name, score in found.items() if score is not None}
    whole = len(expected) == len(CRITERIA)
    return Rating(
        scores=written and (expected if whole else written),
        method=None if written is None else "probabilities" if whole else "written",
        error=exchange.error,
        raw=answer.text,
        thinking=answer.thinking,
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
    if not logs:
        return None
    shares = [math.exp(log) for log in logs.values()]
    return round(float(np.average([int(score) for score in logs], weights=shares)), DECIMALS)


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


def parse_scores(raw: str) -> dict[str, float]:
    """Read the three scores out of a judge's reply, each a whole number in [0, 4].

    Raises
    ------
    UnusableReplyError
        If one is not.
    """
    try:
        return Scores.model_validate(load_object(raw)).model_dump()
    except ValidationError as error:
        name = error.errors()[0]["loc"][0]
        raise UnusableReplyError(
            f"'{name}' is not a whole number from 0 to {BEST_SCORE}"
        ) from error
