"""The columns of the history, without the weight of their validation."""

from metallmix_kedro.meta_features import META_FEATURE_COLUMNS
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS

METRICS: tuple[str, ...] = (
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
    "test_precision",
    "test_recall",
    "test_f1",
)
"""Scores of a trial, each in [0, 1]; precision, recall and F1 are macro averages over classes.

Each is the mean over the folds that were run; ``<metric>_std`` is their population standard
deviation.
"""

TIMES: tuple[str, ...] = ("fit_time_s", "feature_time_s", "training_time_s")
"""Seconds of wall time of a trial.

``fit_time_s`` is the mean over folds of building, fitting and testing what is trained;
``feature_time_s`` what computing the frozen activations took when they were computed (shared by
all trials that use them); ``training_time_s`` their sum: what this configuration costs somebody
who trains it once, from nothing.
"""

PROTOCOL: tuple[str, ...] = (
    "image_size",
    "subset_size",
    "n_folds",
    "max_epochs",
    "patience",
    "freeze_batch_norm",
    "seed",
    "weights_id",
    "backend",
    "device",
    "versions",
)
"""How a trial was measured; two trials are comparable where these agree."""

IDENTITY: tuple[str, ...] = ("trial_id", "dataset", "source", "proposer", "status", "error")

HISTORY_COLUMNS: tuple[str, ...] = (
    *IDENTITY,
    *META_FEATURE_COLUMNS,
    *CONFIGURATION_COLUMNS,
    *(name for metric in METRICS for name in (metric, f"{metric}_std")),
    *TIMES,
    "epochs_run",
    "data_hash",
    *PROTOCOL,
)
"""All columns of the history, in their stored order."""

SOURCES = ("measured", "published", "imported")
SCORE = "test_accuracy"
"""The score that is learned, predicted and compared."""
