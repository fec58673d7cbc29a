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
from metallmix_kedro.report import RecommendationParameters
from metallmix_kedro.retrieval import RetrievalParameters
from metallmix_kedro.surrogate import MetaLearningParameters

# Kedro reads the annotations when a run starts; matplotlib is not imported for that.
Figure = Any


def set_up(
    history: pd.DataFrame,
    evaluation: EvaluationParameters,
    meta_learning: MetaLearningParameters,
    recommendation: RecommendationParameters,
    retrieval: RetrievalParameters,
    objective: Objective,
) -> tuple[History, Settings]:
    """Give trials the score that is asked for, and put together the parameters, once for all."""
    llm = recommendation.llm
    settings = Settings(evaluation, meta_learning, recommendation, retrieval, objective, llm)
    return History.scored(history, objective), settings


def compare_methods(
    history: History, settings: Settings, probes: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Let every method choose for every dataset left out, and summarise what came out."""
    comparison = compare.compare_methods(history, settings, probes)
    return {
        "outcomes": comparison.outcomes,
        "anytime": comparison.anytime,
        "methods": summary.method_table(comparison, settings.evaluation),
        "tests": summary.significance_table(comparison),
        "protocols": summary.protocol_table(comparison, settings.evaluation),
        "datasets": summary.dataset_table(comparison),
        "report": report.evaluation_report(comparison, settings.evaluation, settings.objective),
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
    history: History,
    settings: Settings,
    judge_prompt: dict[str, Callable[[], str]],
    judge_ratings_so_far: dict[str, Callable[[], Any]],
) -> Iterator[dict[str, Any]]:
    """Have the judge rate good and damaged explanations; each rating is stored as it comes."""
    prompts = PromptTexts.from_partitions(judge_prompt)
    for key, rating in rate_labelled(
        recommendation, history, prompts, settings, judge_ratings_so_far
    ):
        yield {key: rating}


def report_on_judge(
    recommendation: dict[str, Any],
    history: History,
    settings: Settings,
    judge_prompt: dict[str, Callable[[], str]],
    judge_ratings: dict[str, Callable[[], Any]],
) -> dict[str, Any]:
    """Say how well the judge tells good explanations from damaged ones."""
    known = {name: load() for name, load in judge_ratings.items()}
    prompts = PromptTexts.from_partitions(judge_prompt)
    return report_judge(recommendation, history, prompts, settings, known)


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
    history: History,
    settings: Settings,
    recommendation_prompt: dict[str, Callable[[], str]],
    judge_prompt: dict[str, Callable[[], str]],
    llm_ablation_rows_so_far: dict[str, Callable[[], Any]],
) -> Iterator[dict[str, Any]]:
    """Measure whether language models help; each row is stored as it comes."""
    texts = ablation.Texts(
        DecisionPrompts.from_partitions(recommendation_prompt),
        PromptTexts.from_partitions(judge_prompt),
    )
    for key, row in ablation.measure(history, settings, texts, llm_ablation_rows_so_far):
        yield {key: row}


def table_llm_ablation(
    rows: dict[str, Callable[[], Any]],
    history: History,
    settings: Settings,
    recommendation_prompt: dict[str, Callable[[], str]],
    llm_weights: pd.DataFrame,
    input_versions: dict[str, str] | None,
) -> dict[str, pd.DataFrame]:
    """Put the rows into the paper's table, average them, and learn what votes are worth."""
    prompts = DecisionPrompts.from_partitions(recommendation_prompt)
    common = fingerprint(history, settings, prompts.sha256)
    current = current_rows((load() for load in rows.values()), common)
    table, wanted = row_table(current), settings.evaluation.llm_ablation
    weights = weight_table(current, llm_weights, (input_versions or {}).get("history"))
    return {
        "table": table,
        "summary": summary_table(table, wanted.models if wanted.enabled else ()),
        "models": model_table(table, weights),
        "weights": weights,
    }


def make_tuning_set(
    history: History,
    settings: Settings,
    recommendation_prompt: dict[str, Callable[[], str]],
    input_versions: dict[str, str] | None,
) -> dict[str, Any]:
    """Make examples to tune a language model on, of every dataset left out."""
    prompts = DecisionPrompts.from_partitions(recommendation_prompt)
    version = (input_versions or {}).get("history")
    return build_tuning_set(history, settings, prompts, version)
