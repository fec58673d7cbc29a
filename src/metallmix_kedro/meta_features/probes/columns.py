"""A table of probes: a row a dataset and backbone."""

from typing import Any

import pandas as pd

PROBE_STATISTICS: tuple[str, ...] = (
    "linear_probe_accuracy",
    "linear_probe_nll",
    "linear_probe_ece",
    "knn_error",
    "intrinsic_dimension",
    "logme",
    "colourfulness",
)
"""What is measured, see `metallmix_kedro.meta_features.probes.statistics`; missing where it cannot
be."""

IMAGE_TRAITS: tuple[str, ...] = ("grey_share", "sharpness", "near_copy_share", "size_variation")
"""What is measured without a backbone, see `metallmix_kedro.meta_features.probes.traits`; missing
where it was not yet."""

PROBE_COLUMNS: tuple[str, ...] = (
    "dataset",
    "data_hash",
    "backbone",
    "weights_id",
    "image_size",
    "n_images",
    *PROBE_STATISTICS,
    *IMAGE_TRAITS,
    "seconds",
)
"""All columns in order. ``seconds`` is what the forward passes over ``n_images`` take where no
other work is in the way: by the fastest of their batches, on a CPU in processor time if that is
less."""

_TEXT = ("dataset", "data_hash", "backbone", "weights_id")


def as_table(rows: Any) -> pd.DataFrame:
    """Make a table of rows, or of a table that may lack columns: text, and numbers."""
    table = pd.DataFrame(rows, columns=list(PROBE_COLUMNS))
    return table.astype({name: "str" if name in _TEXT else "float64" for name in PROBE_COLUMNS})


def no_probes() -> pd.DataFrame:
    """Return probes of no dataset."""
    return as_table([])
