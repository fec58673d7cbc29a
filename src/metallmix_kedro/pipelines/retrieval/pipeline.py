"""From the history to an index of its datasets (paper, section 2.3)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.retrieval import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                nodes.index_datasets,
                inputs=["history", "params:retrieval", "params:objective"],
                outputs=["retrieval_index", "retrieval_card"],
                name="index_datasets",
            ),
            Node(
                nodes.find_neighbours,
                inputs=["retrieval_index", "retrieval_card"],
                outputs="neighbours",
                name="find_neighbours",
            ),
            Node(
                nodes.draw_neighbours,
                inputs="neighbours",
                outputs="neighbours_plot",
                name="draw_neighbours",
            ),
        ],
        namespace="retrieval",
        prefix_datasets_with_namespace=False,
    )
