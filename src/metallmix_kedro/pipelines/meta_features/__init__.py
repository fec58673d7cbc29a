"""The meta-features of ingested datasets (paper, section 2.1)."""

from metallmix_kedro.pipelines.meta_features.pipeline import create_pipeline

__all__ = ["create_pipeline"]
