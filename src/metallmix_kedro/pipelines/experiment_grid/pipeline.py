"""The experiment grid: measure trials, then join them to the history (paper, section 2.1)."""

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
                    "params:experiment_grid",
                    "params:search_space",
                    "params:data_ingestion",
                ],
                outputs="trials",
                name="measure_trials",
            ),
            Node(
                nodes.join_history,
                inputs=["trials", "previous_history", "published_outcomes"],
                outputs="history",
                name="join_history",
            ),
        ],
        namespace="experiment_grid",
        prefix_datasets_with_namespace=False,
    )
