"""A trial as one flat record of the history (paper, Figure 2)."""

import hashlib
import json
import math
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from metallmix_kedro.history import METRICS, history_columns
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import require
from metallmix_kedro.training import FoldOutcome, Schedule, Split, effective_values

Record = dict[str, Any]


def trial_id(
    dataset: str, data_hash: str, configuration: Configuration, protocol: dict[str, Any]
) -> str:
    """Name a trial by what it measures, so that it is never measured twice.

    Parameters
    ----------
    dataset : str
        Name of the dataset.
    data_hash : str
        Hash of the dataset's images and labels: changed data is another trial.
    configuration : Configuration
        What is trained.
    protocol : dict
        How it is measured, without device and versions: these do not change what is measured.

    Returns
    -------
    str
        ``<dataset>-<12 hexadecimal digits>``.
    """
    # One flat mapping: whether a value is a hyperparameter or part of the protocol is a matter of
    # what is searched, not of what is measured. Nor is the name another one where a hyperparameter
    # is searched that is off here.
    parts = [dataset, data_hash, {**protocol, **effective_values(configuration)}]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"{dataset}-{digest[:12]}"


def protocol_of(
    splits: Sequence[Split], n_images: int, image_size: int, level: str, schedule: Schedule
) -> Record:
    """Describe how a trial is measured, by the columns of the history.

    Parameters
    ----------
    splits : sequence of Split
        Its folds.
    n_images : int
        Images of the dataset that are used at all.
    image_size : int
        Side of the images in pixels.
    level : str
        Name of the number of images that train.
    schedule : Schedule
        For how long, and with which seed.
    """
    return {
        "image_size": image_size,
        "subset_size": n_images,
        "test_size": sum(len(split.test) for split in splits),
        "level": level,
        "n_train": round(float(np.mean([len(split.train) for split in splits]))),
        "n_validation": round(float(np.mean([len(split.validation) for split in splits]))),
        "n_folds": len(splits),
        **asdict(schedule),
    }


def environment() -> dict[str, str]:
    """Describe where the trial runs: Keras backend, device and library versions."""
    keras = require("keras", "experiments")
    backend = keras.backend.backend()
    packages = ["keras", backend, "numpy", "pillow", "scikit-learn"]
    devices = keras.distribution.list_devices() or ["cpu:0"]
    return {
        "backend": backend,
        "device": f"{devices[0].lower()} ({platform.machine()}, {os.cpu_count()} cores)",
        "versions": ", ".join(f"{name} {version(name)}" for name in packages),
    }


def _blank(
    identity: Record, meta_features: MetaFeatures, configuration: Configuration, protocol: Record
) -> Record:
    values = {**identity, **meta_features.model_dump(), **configuration.as_dict(), **protocol}
    return {column: values.get(column) for column in history_columns()}


def finished_record(
    identity: Record,
    meta_features: MetaFeatures,
    configuration: Configuration,
    protocol: Record,
    outcomes: list[FoldOutcome],
    feature_time_s: float,
) -> Record:
    """Make the record of a trial that ended well.

    Parameters
    ----------
    identity : dict
        ``trial_id``, ``dataset``, ``proposer``, ``data_hash``.
    meta_features, configuration, protocol
        What was trained, on what, and how.
    outcomes : list of FoldOutcome
        One for each fold.
    feature_time_s : float
        Seconds that computing the frozen activations took.

    Returns
    -------
    dict
        Keys `history_columns`; means over folds with their population standard deviations.
    """
    record = _blank(identity, meta_features, configuration, protocol)
    folds = [asdict(outcome) for outcome in outcomes]
    curves = [[round(accuracy, 4) for accuracy in fold["validation_curve"]] for fold in folds]
    for metric in METRICS:
        # A fold may hold no image of the rarest class: near copies share one.
        values = [fold[metric] for fold in folds if not math.isnan(fold[metric])]
        record[metric] = float(np.mean(values)) if values else None
        record[f"{metric}_std"] = float(np.std(values)) if values else None
    fit_time_s = float(np.mean([fold["fit_time_s"] for fold in folds]))
    fit_cpu_s = float(np.mean([fold["fit_cpu_s"] for fold in folds]))
    # While other work holds the processor the clock goes on, and an accelerator needs no processor.
    undisturbed = str(protocol.get("device")).startswith("cpu")
    record.update(
        source="measured",
        status="finished",
        epochs_run=float(np.mean([fold["epochs_run"] for fold in folds])),
        fit_time_s=fit_time_s,
        fit_cpu_s=fit_cpu_s,
        feature_time_s=feature_time_s,
        training_time_s=feature_time_s
        + (min(fit_time_s, fit_cpu_s) if undisturbed else fit_time_s),
        test_images=json.dumps([part for fold in folds for part in fold["n_tested"]]),
        test_hits=json.dumps([part for fold in folds for part in fold["n_hits"]]),
        learning_curves=json.dumps(curves, separators=(",", ":")),
    )
    return record


def failed_record(
    identity: Record,
    meta_features: MetaFeatures,
    configuration: Configuration,
    protocol: Record,
    error: Exception,
) -> Record:
    """Make the record of a trial that failed: no scores, the error's type and message."""
    record = _blank(identity, meta_features, configuration, protocol)
    message = " ".join(str(error).split())[:500]
    record.update(source="measured", status="failed", error=f"{type(error).__name__}: {message}")
    return record
