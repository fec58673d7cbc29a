"""The meta-learner: fit it, and say how good it is on datasets left out (paper, section 2.2)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.meta_learning import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                nodes.prepare,
                inputs=["history", "probes", "params:objective"],
                outputs="probed_history",
                name="prepare_history",
            ),
            Node(
                nodes.fit,
                inputs=["probed_history", "params:meta_learning", "params:objective"],
                outputs=["score_model", "time_model", "surrogate_card"],
                name="fit_surrogate",
            ),
            Node(
                nodes.predict_left_out,
                inputs=["probed_history", "params:meta_learning"],
                outputs="lodo_predictions",
                name="leave_one_dataset_out",
            ),
            Node(
                nodes.summarise,
                inputs=["lodo_predictions", "history", "params:objective"],
                outputs="surrogate_report",
                name="report_surrogate",
            ),
            Node(
                nodes.draw,
                inputs=["lodo_predictions", "surrogate_report"],
                outputs="surrogate_plot",
                name="draw_surrogate",
            ),
        ],
        namespace="meta_learning",
        prefix_datasets_with_namespace=False,
    )
