"""Nodes of the experiment grid."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from metallmix_kedro.errors import InputError
from metallmix_kedro.history.collect import collect_history
from metallmix_kedro.images.parameters import DataIngestionParameters
from metallmix_kedro.images.sources import resolve_root
from metallmix_kedro.meta_features import META_FEATURE_COLUMNS, MetaFeatures
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.trials.grid import TrialGrid, readable_records
from metallmix_kedro.trials.measuring import BackboneStore, MeasuredDataset, TrialMeasurer
from metallmix_kedro.trials.parameters import ExperimentGridParameters

Partitions = dict[str, Callable[[], Any]]


def measure_trials(
    manifests: Partitions,
    dataset_meta_features: pd.DataFrame,
    finished_trials: Partitions,
    parameters: ExperimentGridParameters,
    search_space: SearchSpace,
    ingestion: DataIngestionParameters,
) -> Iterator[dict[str, dict[str, Any]]]:
    """Measure what the grid lacks; each trial is stored the moment it ends."""
    rows = dataset_meta_features.set_index("dataset")
    names = parameters.datasets or tuple(sorted(rows.index))
    missing = [name for name in names if name not in manifests or name not in rows.index]
    if missing:
        raise InputError(
            f"These datasets of experiment_grid.datasets have not been ingested: "
            f"{', '.join(missing)}. Run the pipelines data_ingestion and meta_features with them "
            "in data_ingestion.use."
        )
    space = search_space.restricted(parameters.backbones)
    backbones = BackboneStore(parameters.weights)
    for backbone in space.backbone:
        # Weights that are missing are said now, not after hours of other trials.
        backbones.weights_id(backbone)
    measurers = {
        name: TrialMeasurer(
            MeasuredDataset(
                name=name,
                manifest=manifests[name](),
                root=resolve_root(name, ingestion.registry[name], ingestion),
                meta_features=MetaFeatures.model_validate(
                    rows.loc[name, list(META_FEATURE_COLUMNS)].to_dict()
                ),
                data_hash=str(rows.loc[name, "data_hash"]),
            ),
            parameters,
            backbones,
        )
        for name in names
    }
    grid = TrialGrid(measurers, space, parameters, readable_records(finished_trials))
    for record in grid.run():
        yield {f"{record['dataset']}/{record['trial_id']}": record}


def join_history(
    trials: Partitions, previous_history: pd.DataFrame, published_outcomes: pd.DataFrame
) -> pd.DataFrame:
    """Join the stored trials and the published outcomes to the history so far."""
    return collect_history(previous_history, readable_records(trials).values(), published_outcomes)
