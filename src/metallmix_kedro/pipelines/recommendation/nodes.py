"""Nodes of the recommendation; what they do lives in `metallmix_kedro.decision` and on."""

from collections.abc import Callable
from typing import Any

import faiss
import pandas as pd
import xgboost

from metallmix_kedro.decision import gather, prospects, scoring
from metallmix_kedro.decision.parameters import RecommendationParameters
from metallmix_kedro.decision.pareto import pareto_front
from metallmix_kedro.decision.target_warnings import known_budget
from metallmix_kedro.explanation import llm, reply
from metallmix_kedro.explanation.evidence import (
    Candidate,
    Evidence,
    RetrievedTrial,
    Target,
)
from metallmix_kedro.explanation.free_choice import only, with_free_choice
from metallmix_kedro.explanation.prompt import DecisionPrompts
from metallmix_kedro.explanation.reply import LLMReply, read_free_choice
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.history.objective import Objective, with_score
from metallmix_kedro.history.tried import Tried
from metallmix_kedro.meta_features import target as targets
from metallmix_kedro.meta_features.parameters import TargetParameters
from metallmix_kedro.meta_features.probes import target as probing
from metallmix_kedro.meta_features.probes.parameters import ProbeParameters
from metallmix_kedro.meta_features.target import TargetDescription
from metallmix_kedro.report.pareto_picture import draw_pareto
from metallmix_kedro.report.recommendation import Recommendation, recommend
from metallmix_kedro.report.report import render_report
from metallmix_kedro.retrieval.retriever import retrieve
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.support.errors import ParameterError
from metallmix_kedro.surrogate.card import read_card
from metallmix_kedro.surrogate.model import Surrogate
from metallmix_kedro.training.networks import BackboneStore

Json = dict[str, Any]


def describe_target(parameters: TargetParameters) -> Json:
    """Compute the target's meta-features from its folder or card."""
    return targets.describe_target(parameters).model_dump(mode="json")


def probe_target(
    description: Json,
    history_probes: pd.DataFrame,
    target: TargetParameters,
    recommendation: RecommendationParameters,
    probes: ProbeParameters,
    grid: ExperimentGridParameters,
    search_space: SearchSpace,
) -> pd.DataFrame:
    """Look at the target's images through frozen backbones, if asked to."""
    wanted = recommendation.backbones
    return probing.probe_target(
        TargetDescription.model_validate(description).name,
        targets.target_images(target) if target.probes != "none" else None,
        target,
        history_probes,
        search_space.backbone if wanted == "measured" else wanted,
        probes,
        BackboneStore(grid.weights, grid.seed),
    )


def retrieve_similar_trials(
    description: Json,
    history: pd.DataFrame,
    index: faiss.Index,
    card: Json,
    trial_top_features: pd.DataFrame,
    parameters: RecommendationParameters,
) -> tuple[RetrievedTrial, ...]:
    """Find past trials on datasets like the target; never on the target itself."""
    target = TargetDescription.model_validate(description)
    similar = retrieve(
        index,
        card,
        history,
        target.meta_features,
        k=parameters.n_trials,
        max_per_dataset=parameters.max_per_dataset,
        exclude_dataset=target.name,
    )
    return gather.number_trials(similar, trial_top_features)


def shorten_search_space(
    description: Json,
    target_probes: pd.DataFrame,
    history: pd.DataFrame,
    score_model: xgboost.Booster,
    time_model: xgboost.Booster,
    surrogate_card: Json,
    index: faiss.Index,
    card: Json,
    search_space: SearchSpace,
    objective: Objective,
    parameters: RecommendationParameters,
) -> tuple[tuple[Candidate, ...], scoring.AllowedSpace, pd.DataFrame]:
    """Score every configuration that may be chosen, and keep a few good and different ones."""
    target = TargetDescription.model_validate(description)
    known = with_score(history, objective)
    surrogate = Surrogate.from_artifacts(score_model, time_model, surrogate_card, objective)
    tried = Tried.of(known)
    allowed = scoring.allowed_space(
        search_space, tried, parameters.backbones, parameters.max_parameters
    )
    outside = gather.is_outside(target, index, card)
    own = prospects.own_trials(known, target.name)
    found = scoring.foresee(target, target_probes, surrogate, tried, own, allowed.space, outside)
    return scoring.list_candidates(found, surrogate, parameters), allowed, found.scored


def gather_evidence(
    description: Json,
    trials: tuple[RetrievedTrial, ...],
    candidates: tuple[Candidate, ...],
    allowed: scoring.AllowedSpace,
    history: pd.DataFrame,
    attribution_by_value: pd.DataFrame,
    index: faiss.Index,
    card: Json,
    objective: Objective,
    parameters: RecommendationParameters,
) -> Json:
    """Put together all that the language model is shown."""
    target = TargetDescription.model_validate(description)
    evidence = Evidence(
        objective=objective,
        budget=known_budget(history),
        target=Target(name=target.name, meta_features=target.meta_features),
        trials=trials,
        attributions=gather.strongest_attributions(
            attribution_by_value, allowed.space, parameters.n_attributions
        ),
        candidates=candidates,
        outside=gather.is_outside(target, index, card),
        own_trials=gather.own_trials(with_score(history, objective), target.name),
        warnings=gather.gather_warnings(
            target, history, allowed, index, card, parameters, objective
        ),
    )
    return evidence.model_dump(mode="json")


def ask_llm(
    evidence: Json,
    prompt: dict[str, Callable[[], str]],
    allowed: scoring.AllowedSpace,
    parameters: RecommendationParameters,
) -> Json:
    """Ask the language model; that it gave no usable reply is a reply too."""
    shown = Evidence.model_validate(evidence)
    prompts = DecisionPrompts.from_partitions(prompt)
    answer = llm.ask(shown, prompts, parameters.llm, allowed.space)
    return answer.model_dump(mode="json")


def score_free_choice(
    evidence: Json,
    llm_reply: Json,
    description: Json,
    target_probes: pd.DataFrame,
    history: pd.DataFrame,
    score_model: xgboost.Booster,
    time_model: xgboost.Booster,
    surrogate_card: Json,
    allowed: scoring.AllowedSpace,
    objective: Objective,
    parameters: RecommendationParameters,
) -> Json:
    """Add what the model composed to the candidates, with the surrogate's prediction for it.

    In mode ``short_list`` nothing is composed and the evidence stays as it is, as it does if what
    was composed is predicted to train longer than allowed or was tried on the target already.
    """
    answer = LLMReply.model_validate(llm_reply)
    composed = read_free_choice(answer, allowed.space)
    if composed is None:
        return evidence
    shown = Evidence.model_validate(evidence)
    surrogate = Surrogate.from_artifacts(score_model, time_model, surrogate_card, objective)
    target = TargetDescription.model_validate(description)
    space = only(composed, allowed.space)
    known = with_score(history, objective)
    own = prospects.own_trials(known, target.name)
    try:
        found = scoring.foresee(target, target_probes, surrogate, known, own, space, shown.outside)
        candidate, *_ = scoring.list_candidates(found, surrogate, parameters)
    except ParameterError:
        return evidence
    return with_free_choice(shown, candidate).model_dump(mode="json")


def decide(
    evidence: Json,
    llm_reply: Json,
    surrogate_card: Json,
    scored_space: pd.DataFrame,
    search_space: SearchSpace,
    objective: Objective,
    parameters: RecommendationParameters,
    input_versions: dict[str, str] | None,
) -> Json:
    """Check the reply against the evidence and put the recommendation together."""
    shown = Evidence.model_validate(evidence)
    answer = LLMReply.model_validate(llm_reply)
    decision = reply.decide(shown, answer, search_space, parameters.llm)
    recommendation = recommend(
        shown,
        answer,
        decision,
        card=read_card(surrogate_card, objective),
        front=pareto_front(scored_space),
        wide_interval=parameters.wide_interval,
        seed=parameters.llm.seed,
        input_versions=input_versions or {},
    )
    return recommendation.model_dump(mode="json")


def draw_scores_and_times(
    recommendation: Json, scored_space: pd.DataFrame, parameters: RecommendationParameters
) -> str:
    """Draw all that may be chosen, the Pareto front and the candidates, as SVG."""
    made = Recommendation.model_validate(recommendation)
    return draw_pareto(
        scored_space,
        made.pareto_front,
        made.evidence.candidates,
        made.evidence.measure,
        parameters.max_training_time_s,
    )


def report(recommendation: Json, pareto_plot: str) -> str:
    """Render the report: one HTML page that needs nothing but a browser."""
    return render_report(Recommendation.model_validate(recommendation), pareto_plot)
