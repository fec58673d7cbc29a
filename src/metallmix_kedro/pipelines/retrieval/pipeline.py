"""From the history to an index of its datasets (paper, section 2.3)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.retrieval import nodes
from metallmix_kedro.retrieval import plot_neighbours


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                nodes.index_datasets,
                ["history", "params:retrieval", "params:objective"],
                ["retrieval_index", "retrieval_card"],
                name="index_datasets",
            ),
            Node(
                nodes.find_neighbours,
                ["retrieval_index", "retrieval_card"],
                "neighbours",
                name="find_neighbours",
            ),
            Node(plot_neighbours, "neighbours", "neighbours_plot", name="draw_neighbours"),
        ],
        namespace="retrieval",
        prefix_datasets_with_namespace=False,
    )
