"""What a row of the ablation depends on, so that none is taken for what it is not."""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from metallmix_kedro.evaluation import Condition, Settings
from metallmix_kedro.explanation import PromptTexts
from metallmix_kedro.history import History
from metallmix_kedro.judging.ablation_table import NO_MODEL
from metallmix_kedro.language_models import LLMParameters

LOGGER = logging.getLogger(__name__)

_WHERE = {"provider", "model", "base_url", "connect_timeout_s", "timeout_s", "embedded"}
"""Parameters that say where a model is; which one it is says its digest."""


@dataclass(frozen=True)
class AskedModel:
    """A model by the name it was asked for, its digest, and how it is asked."""

    name: str
    digest: str | None
    parameters: LLMParameters


def fingerprint(history: History, settings: Settings, prompt_sha256: str) -> str:
    """Hash what all rows depend on, whatever model is asked: trials, parameters, prompts.

    Parameters
    ----------
    history : History
        All trials, with their ``score``.
    settings : Settings
    prompt_sha256 : str
        Of the prompt that is asked.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    trials = history.table[["trial_id", "score", "training_time_s"]].sort_values("trial_id")
    parts = (
        pd.util.hash_pandas_object(trials, index=False).to_list(),
        settings.meta_learning.model_dump_json(),
        settings.retrieval.model_dump_json(),
        settings.recommendation.model_dump_json(exclude={"llm"}),
        settings.objective,
        settings.evaluation.source,
        prompt_sha256,
    )
    return short_hash(parts, 16)


def row_key(
    dataset: str,
    condition: Condition,
    common: str,
    model: AskedModel | None,
    judge_prompt: PromptTexts,
) -> str:
    """Name a row by dataset, model, condition and a hash of all that it depends on.

    Parameters
    ----------
    dataset : str
    condition : str
    common : str
        From `fingerprint`.
    model : AskedModel, optional
        None where no model is asked.
    judge_prompt : PromptTexts

    Returns
    -------
    str
        ``dataset/model-condition-hash``: the store keeps a folder of files.
    """
    if model is None:
        return f"{dataset}/{NO_MODEL}-{condition}-{short_hash((common,), 12)}"
    how = model.parameters.model_dump_json(exclude=_WHERE)
    digest = short_hash((common, model.digest, how, judge_prompt.sha256), 12)
    plain = "".join(sign if sign.isalnum() else "_" for sign in model.name)
    return f"{dataset}/{plain}-{condition}-{digest}"


def current_rows(rows: Iterable[Mapping[str, Any]], common: str) -> list[Mapping[str, Any]]:
    """Keep the rows of these trials, parameters and prompts; say how many are of others.

    Parameters
    ----------
    rows : iterable of mapping
        All that were ever measured.
    common : str
        From `fingerprint`.
    """
    every = list(rows)
    current = [row for row in every if row.get("fingerprint") == common]
    if len(current) < len(every):
        LOGGER.warning(
            "%d rows of other trials, parameters or prompts are not in the table.",
            len(every) - len(current),
        )
    return current


def short_hash(parts: tuple[object, ...], length: int) -> str:
    """Return the first hexadecimal digits of a SHA-256."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:length]
