"""The columns of the history, without the weight of their validation."""

from typing import Literal

from metallmix_kedro.declared import (
    Value,
    configuration_columns,
    derived,
    hyperparameters,
    meta_feature_columns,
)

METRICS: tuple[str, ...] = (
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
    "test_precision",
    "test_recall",
    "test_f1",
    "test_rarest_recall",
)
"""Scores of a trial, each in [0, 1]; precision, recall and F1 are macro averages over classes,
``test_rarest_recall`` is the recall of the class with the fewest images (of all such classes).

Each is the mean over the folds that were run; ``<metric>_std`` is their population standard
deviation.
"""

TIMES: tuple[str, ...] = ("fit_time_s", "fit_cpu_s", "feature_time_s", "training_time_s")
"""Seconds of a trial: of wall time, ``fit_cpu_s`` of processor time.

``fit_time_s`` is the mean over folds of fitting what is trained (of heads trained together, an
equal share of every epoch), ``fit_cpu_s`` the same by the processor's clock, which
other work on the machine does not disturb;
``feature_time_s`` what computing the frozen activations of the subset took when they were
computed (shared by all trials that use them); ``training_time_s`` is that and the fitting (on a
CPU by the clock or the processor, whichever is less): what this configuration costs somebody who
trains it once, from nothing.
"""

PROTOCOL: dict[str, Literal["number", "text", "truth"]] = {
    "image_size": "number",
    "subset_size": "number",
    "test_size": "number",
    "level": "text",
    "n_train": "number",
    "n_validation": "number",
    "n_folds": "number",
    "max_epochs": "number",
    "patience": "number",
    "freeze_batch_norm": "truth",
    "seed": "number",
    "weights_id": "text",
    "trained_together": "number",
    "backend": "text",
    "device": "text",
    "versions": "text",
}
"""How a trial was measured: each column, and what it holds.

``level`` is how many images were to train: ``"all"`` or their number; ``n_train`` is how many did,
``n_validation`` how many validated (means over folds).

Scores are comparable where all agree but the last four, which say how many trials were trained
together, and on what: these change times, not scores.
"""

DETAILS: tuple[str, ...] = ("test_images", "test_hits", "learning_curves")
"""Lists as JSON, fold by fold: how many images were tested on and how many of them were recognised,
in each half of a fold (at first: in each fold), and the validation accuracy after each epoch (a
list for each fold). Every other entry of the first two is one half of a trial's test images."""

IDENTITY: tuple[str, ...] = ("trial_id", "dataset", "source", "proposer", "status", "error")


@derived
def history_columns() -> tuple[str, ...]:
    """Return all columns of the history, in their stored order."""
    columns = (
        *IDENTITY,
        *meta_feature_columns(),
        *configuration_columns(),
        *(name for metric in METRICS for name in (metric, f"{metric}_std")),
        *TIMES,
        "epochs_run",
        *DETAILS,
        "data_hash",
        *PROTOCOL,
    )
    # Part of the protocol may be searched: then it is a hyperparameter.
    return tuple(dict.fromkeys(columns))


LATER_COLUMNS: tuple[str, ...] = (
    "test_rarest_recall",
    "test_rarest_recall_std",
    "level",
    "n_train",
    "n_validation",
    *DETAILS,
)
"""Columns that came later: where a stored history or trial lacks them, their values are missing."""


@derived
def later_values() -> dict[str, Value | None]:
    """Return what holds where a stored history or trial lacks a column: nothing, or the default."""
    defaults = {name: one.default for name, one in hyperparameters().items()}
    known = {name: value for name, value in defaults.items() if value is not None}
    return {**dict.fromkeys(LATER_COLUMNS), **known}


SOURCES = ("measured", "published", "imported")
ACCURACY = "test_accuracy"
"""What every finished trial has."""

N_TRAIN = "n_train"
"""How many images, or rows, train a configuration: known of a trial, and to be expected of a
target."""

SCORE = "score"
"""What is learned, predicted and compared: the metric of the objective (`history.objective`)."""
