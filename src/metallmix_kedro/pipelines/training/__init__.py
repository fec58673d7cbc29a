"""Training: from a recommendation to a network that classifies images."""

from metallmix_kedro.pipelines.training.pipeline import create_pipeline

__all__ = ["create_pipeline"]
