"""Explainability: what the surrogate makes of each feature (paper, section 2.2)."""

from metallmix_kedro.pipelines.explainability.pipeline import create_pipeline

__all__ = ["create_pipeline"]
