"""Recommendation: from a target to a configuration, with its evidence (paper, section 2.4)."""

from metallmix_kedro.pipelines.recommendation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
