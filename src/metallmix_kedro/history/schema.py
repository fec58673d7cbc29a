"""The history: all trials, one a row (the paper's meta-dataset, section 2.1 and Figure 2)."""

import pandera.pandas as pa

from metallmix_kedro.meta_features import META_FEATURE_COLUMNS, NUMERIC_META_FEATURES
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


def _unit_interval() -> pa.Column:
    return pa.Column("float64", pa.Check.in_range(0, 1), nullable=True)


def _text(nullable: bool = True, check: pa.Check | None = None) -> pa.Column:
    return pa.Column("str", check, nullable=nullable)


HistorySchema = pa.DataFrameSchema(
    {
        "trial_id": pa.Column("str", nullable=False, unique=True),
        "dataset": _text(nullable=False),
        "source": _text(nullable=False, check=pa.Check.isin(SOURCES)),
        "proposer": _text(nullable=False),
        "status": _text(nullable=False, check=pa.Check.isin(("finished", "failed"))),
        "error": _text(),
        "modality": _text(nullable=False),
        **{
            name: pa.Column("float64", pa.Check.ge(0), nullable=True)
            for name in NUMERIC_META_FEATURES
        },
        "backbone": _text(nullable=False),
        "strategy": _text(),
        "optimizer": _text(),
        **{
            name: pa.Column("float64", pa.Check.ge(0), nullable=True)
            for name in ("dense_units", "dropout", "learning_rate", "batch_size")
        },
        **{metric: _unit_interval() for metric in METRICS},
        **{f"{metric}_std": _unit_interval() for metric in METRICS},
        **{name: pa.Column("float64", pa.Check.ge(0), nullable=True) for name in TIMES},
        "epochs_run": pa.Column("float64", pa.Check.ge(0), nullable=True),
        "data_hash": _text(),
        **{
            name: pa.Column("float64", pa.Check.ge(0), nullable=True)
            for name in ("image_size", "subset_size", "n_folds", "max_epochs", "patience", "seed")
        },
        "freeze_batch_norm": pa.Column("boolean", nullable=True),
        "weights_id": _text(),
        "backend": _text(),
        "device": _text(),
        "versions": _text(),
    },
    strict=True,
    ordered=False,
    coerce=True,
    name="history",
)
"""What every stored history satisfies: unique trials, scores in [0, 1], no unknown column.

Meta-features and hyperparameters are missing where a source does not give them: the paper's
published outcomes name a backbone only.
"""
