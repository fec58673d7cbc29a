"""Nodes of the evaluation."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from metallmix_kedro.evaluation import (
    anytime_picture,
    compare,
    critical_difference,
    llm_pictures,
    page,
    pictures,
    protocol_pictures,
    published,
    report,
    summary,
)
from metallmix_kedro.evaluation.judge import judge_recommendation
from metallmix_kedro.evaluation.knowledge import Settings
from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.recommendation.parameters import RecommendationParameters
from metallmix_kedro.recommendation.prompt import PromptTexts
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.surrogate.parameters import MetaLearningParameters

# Kedro reads the annotations when a run starts; matplotlib is not imported for that.
Figure = Any


def compare_methods(
    history: pd.DataFrame,
    evaluation: EvaluationParameters,
    meta_learning: MetaLearningParameters,
    recommendation: RecommendationParameters,
    retrieval: RetrievalParameters,
    probes: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Let every method choose for every dataset left out, and summarise what came out."""
    settings = Settings(evaluation, meta_learning, recommendation, retrieval)
    comparison = compare.compare_methods(history, settings, probes)
    methods = summary.method_table(comparison, evaluation)
    return {
        "outcomes": comparison.outcomes,
        "anytime": comparison.anytime,
        "methods": methods,
        "tests": summary.significance_table(comparison),
        "protocols": summary.protocol_table(comparison, evaluation),
        "datasets": summary.dataset_table(comparison),
        "report": report.evaluation_report(comparison, methods, evaluation),
    }


def average_published(outcomes: pd.DataFrame, methods: pd.DataFrame) -> pd.DataFrame:
    """Average the paper's own figures over its datasets."""
    return published.published_reference(outcomes, methods)


def write_page(
    methods: pd.DataFrame,
    tests: pd.DataFrame,
    protocols: pd.DataFrame,
    evaluation_report: dict[str, Any],
    reference: pd.DataFrame,
) -> str:
    """Put the comparison on one page."""
    return page.evaluation_page(methods, tests, protocols, evaluation_report, reference)


def draw_methods(
    anytime: pd.DataFrame,
    evaluation_report: dict[str, Any],
    methods: pd.DataFrame,
    protocols: pd.DataFrame,
) -> dict[str, Figure]:
    """Draw all pictures of the comparison, the paper's Figure 6 among them."""
    return {
        "regrets": pictures.draw_regrets(evaluation_report, methods),
        "first_and_five": protocol_pictures.draw_first_and_five(methods),
        "critical_difference": critical_difference.draw_critical_difference(
            evaluation_report, methods
        ),
        "anytime": anytime_picture.draw_anytime(anytime, evaluation_report, methods),
        "protocols": protocol_pictures.draw_protocols(protocols, evaluation_report),
        "comparison": pictures.draw_comparison(evaluation_report, methods),
    }


def draw_language_models(outcomes: pd.DataFrame) -> Figure:
    """Draw the paper's Figure 7."""
    return llm_pictures.draw_llms(outcomes)


def judge(
    recommendation: dict[str, Any],
    judge_prompt: dict[str, Callable[[], str]],
    evaluation: EvaluationParameters,
) -> dict[str, Any]:
    """Have a second language model score the recommendation."""
    prompts = PromptTexts.from_partitions(judge_prompt)
    return judge_recommendation(recommendation, prompts, evaluation.judge)
