"""The experiment grid: measure trials, import others, join and tell all (paper, section 2.1)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.experiment_grid import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                nodes.measure_trials,
                inputs=[
                    "manifests",
                    "dataset_meta_features",
                    "finished_trials",
                    "previous_history",
                    "params:experiment_grid",
                    "params:search_space",
                    "params:data_ingestion",
                ],
                outputs="trials",
                name="measure_trials",
            ),
            Node(
                nodes.import_histories,
                inputs="params:experiment_grid",
                outputs=["imported_trials", "import_report"],
                name="import_histories",
                tags=["import"],
            ),
            Node(
                nodes.join_history,
                inputs=[
                    "trials",
                    "imported_trials",
                    "previous_history",
                    "published_outcomes",
                    "params:experiment_grid",
                ],
                outputs="history",
                name="join_history",
                tags=["import"],
            ),
            Node(
                nodes.retrace_searches,
                inputs=["history", "params:experiment_grid", "params:search_space"],
                outputs="searches",
                name="retrace_searches",
            ),
            Node(
                nodes.summarise_history,
                inputs=["history", "searches", "published_methods"],
                outputs=["history_summary", "search_comparison"],
                name="summarise_history",
                tags=["import", "history_report"],
            ),
            Node(
                nodes.draw_history,
                inputs=["history_summary", "history", "searches"],
                outputs=[
                    "history_winners_plot",
                    "history_importance_plot",
                    "history_similarity_plot",
                    "history_levels_plot",
                    "history_searches_plot",
                ],
                name="draw_history",
                # Not part of an import, which the base install does: Kedro would ask for
                # matplotlib before its first node.
                tags=["history_report"],
            ),
        ],
        namespace="experiment_grid",
        prefix_datasets_with_namespace=False,
    )
