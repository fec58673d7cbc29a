"""Fitting the meta-learner (paper, section 2.2)."""

from metallmix_kedro.pipelines.meta_learning.pipeline import create_pipeline

__all__ = ["create_pipeline"]
