"""The whole paper as one pipeline."""

from kedro.pipeline import Pipeline

from metallmix_kedro.pipelines import (
    data_ingestion,
    evaluation,
    experiment_grid,
    explainability,
    meta_features,
    meta_learning,
    recommendation,
    retrieval,
)

BOXES = (
    data_ingestion,
    meta_features,
    experiment_grid,
    meta_learning,
    explainability,
    retrieval,
    recommendation,
    evaluation,
)
"""In the order of the paper's Figure 1."""


def create_pipeline(**_: object) -> Pipeline:
    """Put the eight pipelines together; Kedro joins them at the datasets they share."""
    return sum((box.create_pipeline() for box in BOXES), Pipeline([]))
