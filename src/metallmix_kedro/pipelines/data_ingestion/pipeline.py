"""Data ingestion: look at every image once, and say what is there (paper, section 3.2)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.data_ingestion import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                nodes.ingest,
                inputs="params:data_ingestion",
                outputs="manifests",
                name="ingest_datasets",
            ),
            Node(
                nodes.summarise,
                inputs=["manifests", "params:data_ingestion"],
                outputs=["dataset_summary", "dataset_pictures"],
                name="summarise_datasets",
            ),
        ],
        namespace="data_ingestion",
        prefix_datasets_with_namespace=False,
    )
