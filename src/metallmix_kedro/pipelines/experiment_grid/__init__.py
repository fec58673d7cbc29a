"""Measuring trials (paper, section 2.1)."""

from metallmix_kedro.pipelines.experiment_grid.pipeline import create_pipeline

__all__ = ["create_pipeline"]
