"""The experiment grid: measure trials, import others, join and tell all (paper, section 2.1)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.experiment_grid import nodes

PARAMETERS = "params:experiment_grid"
# Kept to confirm what was chosen without them: not even people look at them meanwhile.
HELD_BACK = "params:evaluation.held_back"


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                nodes.measure_trials,
                [
                    "manifests",
                    "dataset_meta_features",
                    "finished_trials",
                    "previous_history",
                    PARAMETERS,
                    "params:search_space",
                    "params:data_ingestion",
                ],
                "trials",
                name="measure_trials",
            ),
            Node(
                nodes.import_histories,
                PARAMETERS,
                ["imported_trials", "import_report"],
                name="import_histories",
                tags=["import"],
            ),
            Node(
                nodes.join_history,
                ["trials", "imported_trials", "previous_history", "published_outcomes", PARAMETERS],
                "history",
                name="join_history",
                tags=["import"],
            ),
            Node(
                nodes.retrace_searches,
                ["history", PARAMETERS, "params:search_space"],
                "searches",
                name="retrace_searches",
            ),
            Node(
                nodes.summarise_history,
                ["history", "searches", "published_methods", HELD_BACK],
                ["history_summary", "search_comparison"],
                name="summarise_history",
                tags=["import", "history_report"],
            ),
            Node(
                nodes.draw_history,
                "history_summary",
                [
                    "history_winners_plot",
                    "history_importance_plot",
                    "history_similarity_plot",
                    "history_levels_plot",
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
