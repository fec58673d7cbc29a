"""The evaluation (paper, section 3)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.evaluation.pages import page
from metallmix_kedro.judging import pictures
from metallmix_kedro.pipelines.evaluation import nodes

# The scored history, and the parameters of all that follows.
_GIVEN = ("evaluated_history", "evaluation_settings")


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                nodes.set_up,
                inputs=[
                    "history",
                    "params:evaluation",
                    "params:meta_learning",
                    "params:recommendation",
                    "params:retrieval",
                    "params:objective",
                ],
                outputs=[*_GIVEN],
                name="set_up_evaluation",
                tags=["judge", "llm_ablation", "tuning_set"],
            ),
            Node(
                nodes.compare_methods,
                inputs=[*_GIVEN, "probes"],
                outputs={
                    "outcomes": "method_outcomes",
                    "anytime": "anytime_regret",
                    "methods": "method_table",
                    "tests": "method_tests",
                    "protocols": "protocol_table",
                    "datasets": "dataset_table",
                    "report": "evaluation_report",
                },
                name="compare_methods",
            ),
            Node(
                page.evaluation_page,
                inputs=[
                    "method_table",
                    "method_tests",
                    "protocol_table",
                    "dataset_table",
                    "evaluation_report",
                ],
                outputs="evaluation_page",
                name="write_evaluation_page",
            ),
            Node(
                nodes.draw_methods,
                inputs=["anytime_regret", "method_table", "dataset_table", "evaluation_report"],
                outputs={"regrets": "method_regret_plot", "anytime": "anytime_plot"},
                name="draw_methods",
            ),
            Node(
                nodes.rate_labelled_explanations,
                inputs=["recommendation", *_GIVEN, "judge_prompt", "judge_ratings_so_far"],
                outputs="judge_ratings",
                name="rate_labelled_explanations",
                tags=["judge"],
            ),
            Node(
                nodes.report_on_judge,
                inputs=["recommendation", *_GIVEN, "judge_prompt", "judge_ratings"],
                outputs="judge_report",
                name="report_on_judge",
                tags=["judge"],
            ),
            Node(
                nodes.judge,
                inputs=["recommendation", "judge_prompt", "judge_report", "params:evaluation"],
                outputs="verdict",
                name="judge_recommendation",
                tags=["judge"],
            ),
            Node(
                nodes.measure_llm_ablation,
                inputs=[
                    *_GIVEN,
                    "recommendation_prompt",
                    "judge_prompt",
                    "llm_ablation_rows_so_far",
                ],
                outputs="llm_ablation_rows",
                name="measure_llm_ablation",
                tags=["llm_ablation"],
            ),
            Node(
                nodes.table_llm_ablation,
                inputs=[
                    "llm_ablation_rows",
                    *_GIVEN,
                    "recommendation_prompt",
                    "llm_weights",
                    "input_versions",
                ],
                outputs={
                    "table": "llm_ablation_table",
                    "summary": "llm_ablation_summary",
                    "models": "llm_ablation_models",
                    "weights": "llm_weights_measured",
                },
                name="table_llm_ablation",
                tags=["llm_ablation"],
            ),
            Node(
                pictures.draw_ablation,
                inputs="llm_ablation_table",
                outputs="llm_ablation_plot",
                name="draw_llm_ablation",
                tags=["llm_ablation"],
            ),
            Node(
                nodes.make_tuning_set,
                inputs=[*_GIVEN, "recommendation_prompt", "input_versions"],
                outputs={
                    "train": "tuning_train",
                    "test": "tuning_test",
                    "card": "tuning_card",
                },
                name="make_tuning_set",
                tags=["tuning_set"],
            ),
        ],
        namespace="evaluation",
        prefix_datasets_with_namespace=False,
    )
