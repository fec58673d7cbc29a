"""Does the language model help? Leave-one-dataset-out, with one ingredient missing at a time.

- ``surrogate``: its first pick, no model asked
- ``random_short_list``: the mean over the short list, as if one took any of it
- ``llm_open``: the model's vote alone chooses among the short list. From these votes the weight of
  the model is learned, and the condition ``llm``, the product, is computed (`vote_weight`)
- ``llm_no_shap``, ``llm_no_retrieval``, ``llm_no_scores``: the same without attributions, without
  past trials, without the surrogate's predictions
- ``llm_free``: the model composes a configuration (the paper's own way); counted is the recorded
  trial that differs least from it
"""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from metallmix_kedro.declared import network
from metallmix_kedro.evaluation import Condition, ReplayTable, Settings, replay_tables
from metallmix_kedro.explanation import (
    FREE_CHOICE,
    Choice,
    Decision,
    DecisionPrompts,
    Evidence,
    LLMReply,
    PromptTexts,
    check_explanation,
    decide,
    llm,
    read_free_choice,
    with_free_choice,
)
from metallmix_kedro.history import History
from metallmix_kedro.judging.ablation_keys import AskedModel, fingerprint, row_key
from metallmix_kedro.judging.ablation_table import NO_MODEL
from metallmix_kedro.judging.exact import BEST_SCORE, format_score, supported_share
from metallmix_kedro.judging.left_out import LeftOutDataset, candidate_of, leave_out
from metallmix_kedro.judging.rating import CRITERIA, find_judge, rate
from metallmix_kedro.language_models import LLMParameters, LLMUnavailableError, connect
from metallmix_kedro.search_space import Configuration, phrase

LOGGER = logging.getLogger(__name__)

WITHOUT_MODEL: tuple[Condition, ...] = ("surrogate", "random_short_list")

ALONE = 1000.0
"""Weight with which a vote outweighs every prediction."""


@dataclass(frozen=True)
class Texts:
    """The prompts of the deciding model and of the judge."""

    decision: DecisionPrompts
    judge: PromptTexts


def measure(
    history: History, settings: Settings, texts: Texts, known: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Measure what is not known yet, a row a dataset, model and condition, as they come.

    How many rows are left, and about how long they take, is logged after each.

    Parameters
    ----------
    history : History
        All trials.
    settings : Settings
    texts : Texts
    known : mapping
        Rows by key that were measured before.

    Yields
    ------
    str
        Key: dataset, model, condition and a hash of all the row depends on.
    dict
        The row, as JSON.
    """
    wanted = settings.evaluation.llm_ablation
    if not wanted.enabled:
        return
    common = fingerprint(history, settings, texts.decision.sha256)
    tables, _ = replay_tables(history, settings.evaluation.source, settings.evaluation.min_trials)
    talks = list(_talks(_models(settings), settings))
    missing = [
        (table, model, condition, key)
        for table in tables
        if not wanted.datasets or table.dataset in wanted.datasets
        for model, condition in talks
        if (key := row_key(table.dataset, condition, common, model, texts.judge)) not in known
    ]
    begun, left_out = time.monotonic(), None
    for done, (table, model, condition, key) in enumerate(missing, start=1):
        if left_out is None or left_out.table is not table:
            left_out = leave_out(history, table, settings)
        yield key, {"fingerprint": common, **_row(left_out, model, condition, settings, texts)}
        minutes = (time.monotonic() - begun) / done * (len(missing) - done) / 60
        LOGGER.info("%d of %d rows, about %.0f min left", done, len(missing), minutes)


def _models(settings: Settings) -> list[AskedModel]:
    """Return the models that are there, each once; name those that are not."""
    found = []
    for parameters in _asked(settings):
        try:
            identity = connect(parameters).identity
        except LLMUnavailableError as error:
            LOGGER.warning("Skipped: %s", error)
            continue
        named = settings.evaluation.llm_ablation.models and identity.provider != "embedded"
        name = parameters.model if named else identity.name
        found.append(AskedModel(name, identity.digest, parameters))
    return found


def _asked(settings: Settings) -> Iterator[LLMParameters]:
    """Return how each model is asked: those that are listed, else the one of the product."""
    base, names = settings.llm, settings.evaluation.llm_ablation.models
    if not names or base.provider == "none":
        yield base
        return
    for name in dict.fromkeys(names):
        changes: dict[str, Any] = {"provider": "ollama", "model": name}
        if name.endswith(".gguf"):
            file = base.embedded.model_validate({"path": name})
            changes = {"provider": "embedded", "embedded": file}
        elif base.provider == "openai":
            changes["provider"] = "openai"
        yield base.model_copy(update=changes)


def _talks(
    models: list[AskedModel], settings: Settings
) -> Iterator[tuple[AskedModel | None, Condition]]:
    conditions = settings.evaluation.llm_ablation.conditions
    yield from ((None, condition) for condition in conditions if condition in WITHOUT_MODEL)
    for model in models:
        for condition in conditions:
            if condition not in WITHOUT_MODEL:
                mode = "free" if condition == "llm_free" else "short_list"
                changes = {"mode": mode, "vote_weight": ALONE}
                parameters = model.parameters.model_copy(update=changes)
                yield replace(model, parameters=parameters), condition


def shown_evidence(evidence: Evidence, condition: Condition) -> Evidence:
    """Return the evidence without what a condition leaves out."""
    if condition == "llm_no_shap":
        bare = tuple(one.model_copy(update={"contributions": ()}) for one in evidence.candidates)
        trials = tuple(one.model_copy(update={"top_features": ()}) for one in evidence.trials)
        changes = {"attributions": (), "candidates": bare, "trials": trials}
        return evidence.model_copy(update=changes)
    if condition == "llm_no_retrieval":
        return evidence.model_copy(update={"trials": ()})
    return evidence


def _row(
    left_out: LeftOutDataset,
    model: AskedModel | None,
    condition: Condition,
    settings: Settings,
    texts: Texts,
) -> dict[str, Any]:
    row: dict[str, Any] = {"dataset": left_out.table.dataset, "condition": condition}
    if model is None:
        picks = list(left_out.positions.values())
        picks = picks[:1] if condition == "surrogate" else picks
        return {**row, "llm": NO_MODEL, **_outcome(left_out, picks)}
    parameters = model.parameters
    shown = shown_evidence(left_out.evidence, condition)
    show_scores = condition != "llm_no_scores"
    reply = llm.ask(shown, texts.decision, parameters, left_out.space, show_scores=show_scores)
    shown, position, n_changed = _composed(left_out, shown, reply)
    decision = decide(shown, reply, left_out.space, parameters)
    if position is None or decision.decided_by != "llm":
        position = left_out.positions[decision.chosen_ref]
    return {
        **row,
        "llm": model.name,
        **_outcome(left_out, [position]),
        "n_changed": n_changed,
        "response_time_s": reply.response_time_s,
        "prefill_s": reply.prefill_s,
        "decoding_s": reply.decoding_s,
        "decided_by": decision.decided_by,
        "explanation_by": decision.explanation_by,
        "position_consistency": decision.choice and decision.choice.consistency,
        "candidates": decision.choice and _votes(left_out, decision.choice),
        "digest": model.digest,
        "prompt_sha256": reply.prompt_sha256,
        "objective": settings.objective,
        "measured_on": datetime.now(UTC).date().isoformat(),
        "explanation": decision.explanation,
        **_scores(shown, decision, reply, settings, texts),
    }


def _votes(left_out: LeftOutDataset, choice: Choice) -> list[dict[str, Any]]:
    """Return what is predicted, voted and recorded of each candidate; none if no vote counts."""
    return [
        {
            "predicted": left_out.evidence.candidate(ref).relative_score,
            "support": support,
            **_outcome(left_out, [left_out.positions[ref]]),
        }
        for ref, support in choice.support.items()
    ]


def _composed(
    left_out: LeftOutDataset, shown: Evidence, reply: LLMReply
) -> tuple[Evidence, int | None, int | None]:
    """Add a free choice to the evidence; return the recorded trial that counts for it."""
    composed = read_free_choice(reply, left_out.space)
    if composed is None:
        return shown, None, None
    frame = left_out.task.candidates.iloc[[0]].assign(**composed.as_dict())
    scored = candidate_of(left_out.task, frame, "C1", FREE_CHOICE)
    position, n_changed = left_out.nearest(composed)
    return with_free_choice(shown, scored), position, n_changed


def _outcome(left_out: LeftOutDataset, positions: list[int]) -> dict[str, Any]:
    """Return what the recorded trials came to, on average where there are several."""
    table = left_out.table
    times = table.training_times[positions]
    return {
        "selected_model": _selected(table, positions[0]) if len(positions) == 1 else "any",
        "score": float(table.scores[positions].mean()),
        "regret": float(table.regrets[positions].mean()),
        "training_time_s": None if np.isnan(times).any() else float(times.mean()),
    }


def _selected(table: ReplayTable, position: int) -> str:
    """Name the pretrained network of a recorded trial; without one, its configuration."""
    values: dict[Any, Any] = table.candidates.loc[position].to_dict()
    column = network()
    return str(values[column]) if column else phrase(Configuration.from_mapping(values))


def _scores(
    evidence: Evidence, decision: Decision, reply: LLMReply, settings: Settings, texts: Texts
) -> dict[str, Any]:
    """Score the explanation: consistency and format by computing, the rest by the judge."""
    text, chosen = decision.explanation, decision.chosen_ref
    share = supported_share(check_explanation(text, evidence, chosen))
    scores: dict[str, Any] = {
        **dict.fromkeys(CRITERIA),
        "consistency": None if share is None else BEST_SCORE * share,
        "format": format_score(text, configuration_agrees=True),
        "judge": None,
    }
    if not settings.evaluation.llm_ablation.judged:
        return scores
    parameters = settings.evaluation.judge
    try:
        judge, _ = find_judge(parameters, reply.digest)
    except LLMUnavailableError:
        judge = None
    if judge is None:
        return scores
    found = rate(judge, texts.judge, parameters, evidence, chosen, text).scores or {}
    return {**scores, **found, "judge": judge.identity.name}
