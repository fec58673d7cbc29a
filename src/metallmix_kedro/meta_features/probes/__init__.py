"""Probes: forward passes through frozen backbones that say what a dataset is like.

No trial is run. `statistics` holds the figures, `measuring` takes them of images, `features` turns
them into what the surrogate learns from.
"""

from metallmix_kedro.meta_features.probes.columns import PROBE_COLUMNS, PROBE_STATISTICS

__all__ = ["PROBE_COLUMNS", "PROBE_STATISTICS"]
