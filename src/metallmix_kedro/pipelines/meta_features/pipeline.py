"""The seven meta-features of every dataset in use (paper, section 2.1)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.meta_features import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                nodes.compute_table,
                inputs=["manifests", "params:data_ingestion", "params:meta_features"],
                outputs="dataset_meta_features",
                name="compute_meta_features",
            ),
        ],
        namespace="meta_features",
        prefix_datasets_with_namespace=False,
    )
