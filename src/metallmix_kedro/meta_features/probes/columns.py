"""The columns of a table of probes: a row a dataset and backbone."""

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

PROBE_COLUMNS: tuple[str, ...] = (
    "dataset",
    "data_hash",
    "backbone",
    "weights_id",
    "image_size",
    "n_images",
    *PROBE_STATISTICS,
    "seconds",
)
"""All columns in order. ``seconds`` is the wall time of the forward passes over ``n_images``."""
