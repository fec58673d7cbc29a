"""Reading image datasets (paper, section 3.2)."""

from metallmix_kedro.pipelines.data_ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
