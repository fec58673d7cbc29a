"""The images of the target that a training uses, with their folds."""

import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from metallmix_kedro.images import (
    INCLUDED,
    DataIngestionParameters,
    DatasetEntry,
    build_manifest,
    data_hash,
    unpacked_name,
)
from metallmix_kedro.meta_features import TargetParameters, open_target
from metallmix_kedro.support import InputError
from metallmix_kedro.trained.parameters import TrainingParameters

ASK = "kedro run --pipelines=recommendation,training --params=target.path=/my/images"
"""What to run where there is nothing to train."""


@dataclass(frozen=True)
class TargetImages:
    """The target's usable images with their folds, and how many files were left out, by reason.

    Looking at them took ``seconds``.
    """

    name: str
    root: Path
    images: pd.DataFrame
    data_hash: str
    left_out: dict[str, int]
    seconds: float


def gather_images(
    target: TargetParameters, ingestion: DataIngestionParameters, parameters: TrainingParameters
) -> TargetImages:
    """Look at all images of the target, and divide them into folds.

    Images that look alike share a fold, as in `data_ingestion`.

    Parameters
    ----------
    target : TargetParameters
    ingestion : DataIngestionParameters
        Gives the seed of the folds and what counts as a near copy.
    parameters : TrainingParameters
        Gives the number of folds.

    Raises
    ------
    InputError
        If the target is a card, or a class has too few images for the folds.
    """
    started = time.perf_counter()
    if target.path is None:
        raise InputError(
            "Training needs the images themselves, and the target is a dataset card "
            f"(target.card = {target.card}). Name a folder with one sub-folder a class: {ASK}"
        )
    root, _ = open_target(target)
    name = target.name or unpacked_name(Path(target.path).expanduser().resolve()) or "target"
    asked = {"n_folds": max(2, parameters.folds), "max_pixels": target.max_pixels}
    try:
        manifest = build_manifest(
            root,
            DatasetEntry(
                path=target.path,
                modality=target.modality or "unknown",
                layout=target.layout,
                labels_csv=target.labels_csv,
            ),
            ingestion.model_copy(update=asked),
        )
    except InputError as error:
        raise InputError(
            f"'{name}' in {root} cannot be trained on with training.folds = "
            f"{parameters.folds}: {error} For a target, move the folder of a class that is too "
            "small elsewhere, or lower training.folds (0: no cross-validation; then two images a "
            "class are enough)."
        ) from error
    usable = manifest[manifest["status"] == INCLUDED].reset_index(drop=True)
    left_out = manifest["reason"].dropna().value_counts()
    return TargetImages(
        name=name,
        root=root,
        images=usable,
        data_hash=data_hash(manifest),
        left_out={str(reason): int(count) for reason, count in left_out.items()},
        seconds=time.perf_counter() - started,
    )
