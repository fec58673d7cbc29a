"""A grid on datasets that do not exist, with records of real size, to measure its bookkeeping."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.declared_space import shipped_parameters, shipped_space
from metallmix_kedro.datasets.trial_store import TrialStoreDataset
from metallmix_kedro.declared import hyperparameter
from metallmix_kedro.grid.measuring import MeasuredDataset, Proposal, TrialMeasurer
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.grid.record import Record, environment, finished_record
from metallmix_kedro.history import METRICS
from metallmix_kedro.history.collect import collect_history
from metallmix_kedro.images.manifest import COLUMNS, data_hash
from metallmix_kedro.meta_features import MetaFeatures, compute_meta_features
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.networks import BackboneStore, NetworkStore
from metallmix_kedro.training.outcome import FoldOutcome
from tests.workspace import Workspace

DATASETS = 10
CLASSES = {f"class_{number}": 100 for number in range(4)}
VERSION = "2026-01-01T00.00.00.000Z"


class FabricatedGrid:
    """Makes whatever a grid of any size reads, and the records that measuring it would give.

    Parameters
    ----------
    workspace : Workspace
        Where datasets, store and configuration of a ``kedro run`` lie.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.store = TrialStoreDataset(path=str(workspace.data / "05_model_input/trials"))
        shipped = shipped_parameters("experiment_grid")
        # Names of untrained weights cost nothing to find out.
        self._changed: dict[str, Any] = {
            "weights": dict.fromkeys(shipped["backbones"], "random:0"),
            "n_random_by_strategy": dict.fromkeys(hyperparameter("strategy").ranks, 0),
            "n_bayesian": 0,
        }
        self._shipped = {
            **shipped,
            "cache": {**shipped["cache"], "root": str(workspace.folder / "cache")},
            "lock": str(workspace.folder / "lock"),
            "seed": 42,
        }
        self.space = shipped_space().restricted(backbone=shipped["backbones"])
        self._datasets = {name: self._dataset(name) for name in self._names}
        self._identities = self.measurers()
        self._environment = environment()

    @property
    def _names(self) -> list[str]:
        return [f"fabricated_{number}" for number in range(DATASETS)]

    @property
    def hashes(self) -> dict[str, str]:
        """Hash of each dataset."""
        return {name: dataset.data_hash for name, dataset in self._datasets.items()}

    def parameters(self, n_trials: int) -> ExperimentGridParameters:
        """Make the parameters of a grid."""
        return ExperimentGridParameters.model_validate({**self._shipped, **self._counts(n_trials)})

    def measurers(self) -> dict[str, TrialMeasurer]:
        """Make what names the trials, anew."""
        parameters = self.parameters(DATASETS)
        backbones = BackboneStore(parameters.weights, parameters.seed)
        return {
            name: TrialMeasurer(dataset, parameters, backbones, NetworkStore())
            for name, dataset in self._datasets.items()
        }

    def record(self, dataset: str, proposal: Proposal) -> Record:
        """Make the record that measuring a proposal would give."""
        trial_id, protocol = self._identities[dataset].identify(proposal)
        return {
            **self._template,
            "trial_id": trial_id,
            "dataset": dataset,
            "data_hash": self._datasets[dataset].data_hash,
            **proposal.configuration.as_dict(),
            **protocol,
        }

    def history(self) -> pd.DataFrame:
        """Join what is stored to a history."""
        records = [load() for load in self.store.load().values()]
        path = self.workspace.data / "01_raw/published_outcomes.csv"
        return collect_history(None, records, pd.read_csv(path))

    def write_inputs(self, n_trials: int, history: pd.DataFrame) -> None:
        """Write what a ``kedro run`` of the grid reads: its parameters and data."""
        grid = {**self._counts(n_trials), "datasets": self._names}
        registry = {name: {"path": ".", "modality": "unknown"} for name in self._names}
        ingestion = {"datasets_root": str(self.workspace.data), "registry": registry}
        (self.workspace.conf / "test/parameters_grid.yml").write_text(
            json.dumps({"experiment_grid": grid, "data_ingestion": ingestion})
        )
        manifests = self.workspace.data / "02_intermediate/manifests"
        manifests.mkdir(parents=True)
        rows = []
        for name, dataset in self._datasets.items():
            dataset.manifest.to_parquet(manifests / f"{name}.parquet")
            features = dataset.meta_features.model_dump()
            rows.append({"dataset": name, **features, "data_hash": dataset.data_hash})
        self._save("04_feature/dataset_meta_features.parquet", pd.DataFrame(rows))
        self._save("05_model_input/history.parquet", history)

    def _save(self, path: str, table: pd.DataFrame) -> None:
        """Store a table as the catalog would, as a version."""
        folder = self.workspace.data / path / VERSION
        folder.mkdir(parents=True)
        table.to_parquet(folder / Path(path).name, index=False)

    def _counts(self, n_trials: int) -> dict[str, Any]:
        return {**self._changed, "n_random": n_trials // DATASETS}

    def _dataset(self, name: str) -> MeasuredDataset:
        classes = [label for label, size in CLASSES.items() for _ in range(size)]
        numbers = np.arange(len(classes))
        manifest = pd.DataFrame(
            {
                "path": [f"{name}/{number}.jpg" for number in numbers],
                "class_name": classes,
                "width": 128,
                "height": 128,
                "mode": "RGB",
                "bytes": 4000,
                "content_hash": [f"{number:064x}" for number in numbers],
                "duplicate_group": numbers,
                "near_copy_group": numbers,
                "fold": numbers % 4,
                "status": "included",
                "reason": None,
            }
        )
        manifest = manifest[list(COLUMNS)].astype(COLUMNS)
        features = compute_meta_features(CLASSES, 128, 128, "unknown")
        root = self.workspace.data
        return MeasuredDataset(name, manifest, root, features, data_hash(manifest))

    @cached_property
    def _template(self) -> Record:
        features: MetaFeatures = next(iter(self._datasets.values())).meta_features
        scores = dict.fromkeys(METRICS, 0.8123456789012345)
        outcome = FoldOutcome(
            **scores,
            epochs_run=7,
            fit_time_s=1.25,
            fit_cpu_s=1.125,
            n_tested=(50, 50),
            n_hits=(40, 41),
            validation_curve=(0.8123,) * 7,
        )
        configuration = Configuration.from_mapping(self.space.frame().iloc[0].to_dict())
        identity = {"proposer": "random"}
        protocol = {"trained_together": 1, **self._environment}
        return finished_record(identity, features, configuration, protocol, [outcome] * 4, 2.5)
