"""Retrieval: the index of similar datasets (paper, section 2.3)."""

from metallmix_kedro.pipelines.retrieval.pipeline import create_pipeline

__all__ = ["create_pipeline"]
