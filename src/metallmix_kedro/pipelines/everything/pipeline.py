"""The whole paper as one pipeline."""

from importlib import import_module

from kedro.pipeline import Pipeline

from metallmix_kedro.pipeline_registry import NAMES


def create_pipeline(**_: object) -> Pipeline:
    """Put the eight pipelines together; Kedro joins them at the datasets they share."""
    boxes = (import_module(f"metallmix_kedro.pipelines.{name}") for name in NAMES)
    return sum((box.create_pipeline() for box in boxes), Pipeline([]))
