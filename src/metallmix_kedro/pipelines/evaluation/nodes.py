"""Nodes of the evaluation."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from metallmix_kedro.evaluation import EvaluationParameters, Settings, compare
from metallmix_kedro.evaluation.pages import pictures, report
from metallmix_kedro.evaluation.statistics import summary
from metallmix_kedro.explanation import DecisionPrompts, PromptTexts
from metallmix_kedro.history import History, Objective
from metallmix_kedro.judging import (
    ablation,
    build_tuning_set,
    current_rows,
    fingerprint,
    judge_recommendation,
    model_table,
    rate_labelled,
    report_judge,
    row_table,
    summary_table,
    weight_table,
)
from metallmix_kedro.judging import pictures as llm_pictures
from metallmix_kedro.report import RecommendationParameters
from metallmix_kedro.retrieval import RetrievalParameters
from metallmix_kedro.surrogate import MetaLearningParameters

# Kedro reads the annotations when a run starts; matplotlib is not imported for that.
Figure = Any


def compare_methods(
    history: pd.DataFrame,
    evaluation: EvaluationParameters,
    meta_learning: MetaLearningParameters,
    recommendation: RecommendationParameters,
    retrieval: RetrievalParameters,
    objective: Objective,
    probes: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Let every method choose for every dataset left out, and summarise what came out."""
    settings = Settings(evaluation, meta_learning, recommendation, retrieval, objective)
    comparison = compare.compare_methods(History.scored(history, objective), settings, probes)
    return {
        "outcomes": comparison.outcomes,
        "anytime": comparison.anytime,
        "methods": summary.method_table(comparison, evaluation),
        "tests": summary.significance_table(comparison),
        "protocols": summary.protocol_table(comparison, evaluation),
        "datasets": summary.dataset_table(comparison),
        "report": report.evaluation_report(comparison, evaluation, objective),
    }


def draw_methods(
    anytime: pd.DataFrame,
    methods: pd.DataFrame,
    datasets: pd.DataFrame,
    evaluation_report: dict[str, Any],
) -> dict[str, Figure]:
    """Draw the regrets, and searches as they go on."""
    return {
        "regrets": pictures.draw_regrets(methods, datasets, evaluation_report),
        "anytime": pictures.draw_anytime(anytime, evaluation_report, methods),
    }


def rate_labelled_explanations(
    recommendation: dict[str, Any],
    history: pd.DataFrame,
    judge_prompt: dict[str, Callable[[], str]],
    judge_ratings_so_far: dict[str, Callable[[], Any]],
    evaluation: EvaluationParameters,
    meta_learning: MetaLearningParameters,
    decision: RecommendationParameters,
    retrieval: RetrievalParameters,
    objective: Objective,
) -> Iterator[dict[str, Any]]:
    """Have the judge rate good and damaged explanations; each rating is stored as it comes."""
    settings = Settings(evaluation, meta_learning, decision, retrieval, objective)
    prompts, scored = PromptTexts.from_partitions(judge_prompt), History.scored(history, objective)
    for key, rating in rate_labelled(
        recommendation, scored, prompts, settings, judge_ratings_so_far
    ):
        yield {key: rating}


def report_on_judge(
    recommendation: dict[str, Any],
    history: pd.DataFrame,
    judge_prompt: dict[str, Callable[[], str]],
    judge_ratings: dict[str, Callable[[], Any]],
    evaluation: EvaluationParameters,
    meta_learning: MetaLearningParameters,
    decision: RecommendationParameters,
    retrieval: RetrievalParameters,
    objective: Objective,
) -> dict[str, Any]:
    """Say how well the judge tells good explanations from damaged ones."""
    settings = Settings(evaluation, meta_learning, decision, retrieval, objective)
    prompts, scored = PromptTexts.from_partitions(judge_prompt), History.scored(history, objective)
    known = {name: load() for name, load in judge_ratings.items()}
    return report_judge(recommendation, scored, prompts, settings, known)


def judge(
    recommendation: dict[str, Any],
    judge_prompt: dict[str, Callable[[], str]],
    judge_report: dict[str, Any],
    evaluation: EvaluationParameters,
) -> dict[str, Any]:
    """Have a second language model score the recommendation."""
    prompts = PromptTexts.from_partitions(judge_prompt)
    return judge_recommendation(recommendation, prompts, evaluation.judge, judge_report)


def measure_llm_ablation(
    history: pd.DataFrame,
    recommendation_prompt: dict[str, Callable[[], str]],
    judge_prompt: dict[str, Callable[[], str]],
    llm_ablation_rows_so_far: dict[str, Callable[[], Any]],
    evaluation: EvaluationParameters,
    meta_learning: MetaLearningParameters,
    recommendation: RecommendationParameters,
    retrieval: RetrievalParameters,
    objective: Objective,
) -> Iterator[dict[str, Any]]:
    """Measure whether language models help; each row is stored as it comes."""
    settings = Settings(
        evaluation, meta_learning, recommendation, retrieval, objective, recommendation.llm
    )
    texts = ablation.Texts(
        DecisionPrompts.from_partitions(recommendation_prompt),
        PromptTexts.from_partitions(judge_prompt),
    )
    scored = History.scored(history, objective)
    for key, row in ablation.measure(scored, settings, texts, llm_ablation_rows_so_far):
        yield {key: row}


def table_llm_ablation(
    rows: dict[str, Callable[[], Any]],
    history: pd.DataFrame,
    recommendation_prompt: dict[str, Callable[[], str]],
    llm_weights: pd.DataFrame,
    evaluation: EvaluationParameters,
    meta_learning: MetaLearningParameters,
    recommendation: RecommendationParameters,
    retrieval: RetrievalParameters,
    objective: Objective,
    input_versions: dict[str, str] | None,
) -> dict[str, pd.DataFrame]:
    """Put the rows into the paper's table, average them, and learn what votes are worth."""
    settings = Settings(
        evaluation, meta_learning, recommendation, retrieval, objective, recommendation.llm
    )
    prompts = DecisionPrompts.from_partitions(recommendation_prompt)
    common = fingerprint(History.scored(history, objective), settings, prompts.sha256)
    current = current_rows((load() for load in rows.values()), common)
    table, wanted = row_table(current), evaluation.llm_ablation
    weights = weight_table(current, llm_weights, (input_versions or {}).get("history"))
    return {
        "table": table,
        "summary": summary_table(table, wanted.models if wanted.enabled else ()),
        "models": model_table(table, weights),
        "weights": weights,
    }


def draw_llm_ablation(table: pd.DataFrame) -> Figure:
    """Draw the regret with and without a language model."""
    return llm_pictures.draw_ablation(table)


def make_tuning_set(
    history: pd.DataFrame,
    recommendation_prompt: dict[str, Callable[[], str]],
    evaluation: EvaluationParameters,
    meta_learning: MetaLearningParameters,
    recommendation: RecommendationParameters,
    retrieval: RetrievalParameters,
    objective: Objective,
    input_versions: dict[str, str] | None,
) -> dict[str, Any]:
    """Make examples to tune a language model on, of every dataset left out."""
    settings = Settings(evaluation, meta_learning, recommendation, retrieval, objective)
    prompts = DecisionPrompts.from_partitions(recommendation_prompt)
    version = (input_versions or {}).get("history")
    return build_tuning_set(History.scored(history, objective), settings, prompts, version)
