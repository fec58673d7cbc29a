"""Nodes of the recommendation; what they do lives in `metallmix_kedro.decision` and on."""

from collections.abc import Callable
from typing import Any

import faiss
import pandas as pd

from metallmix_kedro.decision import (
    Learned,
    Target,
    gather,
    learning_curves,
    pareto_front,
    prospects,
    scoring,
)
from metallmix_kedro.declared import network
from metallmix_kedro.explanation import (
    Candidate,
    DecisionPrompts,
    Evidence,
    LLMReply,
    RetrievedTrial,
    llm,
    only,
    read_free_choice,
    reply,
    with_free_choice,
)
from metallmix_kedro.grid import ExperimentGridParameters
from metallmix_kedro.history import History, Objective
from metallmix_kedro.language_models import read_weights
from metallmix_kedro.meta_features import (
    ProbeParameters,
    TargetDescription,
    TargetParameters,
    known_traits,
)
from metallmix_kedro.meta_features import target as targets
from metallmix_kedro.meta_features.probes import target as probing
from metallmix_kedro.report import (
    Recommendation,
    RecommendationParameters,
    draw_pictures,
    recommend,
    render_report,
)
from metallmix_kedro.retrieval import retrieve
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.support import ParameterError, xgboost
from metallmix_kedro.surrogate import Surrogate
from metallmix_kedro.training import BackboneStore

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
    named, wanted = network(), recommendation.backbones
    if wanted == "measured":
        wanted = tuple(map(str, search_space.values(named))) if named else ()
    return probing.probe_target(
        TargetDescription.model_validate(description).name,
        target,
        history_probes,
        wanted,
        probes,
        BackboneStore(grid.weights, grid.seed),
    )


def load_learned(
    history: pd.DataFrame,
    score_model: xgboost.Booster,
    time_model: xgboost.Booster,
    surrogate_card: Json,
    index: faiss.Index,
    card: Json,
    objective: Objective,
) -> Learned:
    """Read the history and what was learned from it, once for all that follows."""
    surrogate = Surrogate.from_artifacts(score_model, time_model, surrogate_card, objective)
    return Learned(History.scored(history, objective), surrogate, index, card, objective)


def know_target(
    description: Json, target_probes: pd.DataFrame, learned: Learned, history_probes: pd.DataFrame
) -> Target:
    """Look the target up among what was learned: its own trials, its place, the machine's speed."""
    known = TargetDescription.model_validate(description)
    return Target.known(known, target_probes, learned, history_probes)


def retrieve_similar_trials(
    target: Target,
    learned: Learned,
    trial_top_features: pd.DataFrame,
    parameters: RecommendationParameters,
) -> tuple[RetrievedTrial, ...]:
    """Find past trials on datasets like the target; never on the target itself."""
    similar = retrieve(
        learned.index,
        learned.card,
        learned.history.table,
        target.meta_features,
        k=parameters.n_trials,
        max_per_dataset=parameters.max_per_dataset,
        exclude_dataset=target.name,
    )
    return gather.number_trials(similar, trial_top_features)


def shorten_search_space(
    target: Target,
    learned: Learned,
    search_space: SearchSpace,
    parameters: RecommendationParameters,
) -> tuple[tuple[Candidate, ...], scoring.AllowedSpace, pd.DataFrame]:
    """Score every configuration that may be chosen, and keep a few good and different ones."""
    allowed = scoring.allowed_space(
        search_space, learned.history.tried, parameters.backbones, parameters.max_parameters
    )
    among = scoring.choices(allowed, learned.history.tried, parameters.choose_among)
    found = prospects.foresee(target, learned, allowed.space, among)
    return prospects.list_candidates(found, learned.surrogate, parameters), allowed, found.scored


def gather_evidence(
    target: Target,
    learned: Learned,
    allowed: scoring.AllowedSpace,
    trials: tuple[RetrievedTrial, ...],
    candidates: tuple[Candidate, ...],
    attribution_by_value: pd.DataFrame,
    parameters: RecommendationParameters,
) -> Json:
    """Put together all that the language model is shown."""
    evidence = gather.gather_evidence(
        target, learned, allowed, trials, candidates, attribution_by_value, parameters
    )
    return evidence.model_dump(mode="json")


def ask_llm(
    evidence: Json,
    prompt: dict[str, Callable[[], str]],
    llm_weights: pd.DataFrame,
    allowed: scoring.AllowedSpace,
    parameters: RecommendationParameters,
) -> Json:
    """Ask the language model; that it gave no usable reply is a reply too."""
    shown = Evidence.model_validate(evidence)
    prompts = DecisionPrompts.from_partitions(prompt)
    weights = read_weights(llm_weights.to_dict("records"))
    answer = llm.ask(shown, prompts, parameters.llm, allowed.space, weights)
    return answer.model_dump(mode="json")


def score_free_choice(
    evidence: Json,
    llm_reply: Json,
    target: Target,
    learned: Learned,
    allowed: scoring.AllowedSpace,
    parameters: RecommendationParameters,
) -> Evidence:
    """Add what the model composed to the candidates, with the surrogate's prediction for it.

    In mode ``short_list`` nothing is composed and the evidence stays as it is, as it does if what
    was composed is predicted to train longer than allowed or was tried on the target already.
    """
    shown = Evidence.model_validate(evidence)
    composed = read_free_choice(LLMReply.model_validate(llm_reply), allowed.space)
    if composed is None:
        return shown
    try:
        found = prospects.foresee(target, learned, only(composed, allowed.space))
        candidate, *_ = prospects.list_candidates(found, learned.surrogate, parameters)
    except ParameterError:
        return shown
    return with_free_choice(shown, candidate)


def decide(
    evidence: Evidence,
    llm_reply: Json,
    target: Target,
    learned: Learned,
    scored_space: pd.DataFrame,
    search_space: SearchSpace,
    parameters: RecommendationParameters,
    input_versions: dict[str, str] | None,
) -> Json:
    """Check the reply against the evidence and put the recommendation together."""
    answer = LLMReply.model_validate(llm_reply)
    recommendation = recommend(
        evidence,
        answer,
        reply.decide(evidence, answer, search_space, parameters.llm),
        card=learned.surrogate.card,
        front=pareto_front(scored_space),
        curves=learning_curves(
            target, learned.surrogate, learned.history, scored_space, evidence.candidates
        ),
        parameters=parameters,
        input_versions=input_versions or {},
        read=target.description.read,
        traits=known_traits(target.probes),
        slower=target.slower,
    )
    return recommendation.model_dump(mode="json")


def draw(
    recommendation: Json, scored_space: pd.DataFrame, parameters: RecommendationParameters
) -> dict[str, Json]:
    """Draw the report's pictures as Plotly figures."""
    made = Recommendation.model_validate(recommendation)
    return draw_pictures(made, scored_space, parameters.max_training_time_s)


def report(recommendation: Json, **figures: Json) -> str:
    """Render the report: one HTML page that needs nothing but a browser."""
    return render_report(Recommendation.model_validate(recommendation), figures)
