"""Comparing methods on datasets left out, and judging a recommendation (paper, section 3)."""

from metallmix_kedro.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
