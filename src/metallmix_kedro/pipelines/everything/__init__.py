"""Everything: the eight pipelines one after another, from image folders to verdicts."""

from metallmix_kedro.pipelines.everything.pipeline import create_pipeline

__all__ = ["create_pipeline"]
