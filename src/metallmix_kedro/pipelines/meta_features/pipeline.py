"""The seven meta-features of every dataset in use (paper, section 2.1), and probes of it."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.meta_features import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                nodes.compute_table,
                inputs=["manifests", "params:data_ingestion"],
                outputs="dataset_meta_features",
                name="compute_meta_features",
            ),
            Node(
                nodes.probe_datasets,
                inputs=[
                    "manifests",
                    "dataset_meta_features",
                    "previous_probes",
                    "params:probes",
                    "params:data_ingestion",
                    "params:experiment_grid",
                ],
                outputs="probes",
                name="probe_datasets",
            ),
        ],
        namespace="meta_features",
        prefix_datasets_with_namespace=False,
    )
