"""Nodes of the experiment grid."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from metallmix_kedro.declared import meta_feature_columns
from metallmix_kedro.grid import (
    ExperimentGridParameters,
    MeasuredDataset,
    TrialGrid,
    TrialMeasurer,
    check_unchanged,
    claimed,
    history_records,
    open_executor,
    readable_records,
)
from metallmix_kedro.grid import retrace_searches as retrace
from metallmix_kedro.history import History, collect_history, compare_searches
from metallmix_kedro.history.importing import importer
from metallmix_kedro.history.portrait import pictures, summary
from metallmix_kedro.images import DataIngestionParameters, resolve_root
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.support import InputError
from metallmix_kedro.training import BackboneStore, NetworkStore, check_space

Partitions = dict[str, Callable[[], Any]]
# Kedro reads the annotations when a run starts; matplotlib is not imported for that.
Figure = Any


def measure_trials(
    manifests: Partitions,
    dataset_meta_features: pd.DataFrame,
    finished_trials: Partitions,
    previous_history: pd.DataFrame,
    parameters: ExperimentGridParameters,
    search_space: SearchSpace,
    ingestion: DataIngestionParameters,
) -> Iterator[dict[str, dict[str, Any]]]:
    """Measure what the grid lacks; each trial is stored the moment it ends."""
    datasets = _datasets(manifests, dataset_meta_features, parameters, ingestion)
    space = search_space.restricted(backbone=parameters.backbones, strategy=parameters.strategies)
    check_space(space, parameters.protocol.image_size)
    backbones = BackboneStore(parameters.weights, parameters.seed)
    for backbone in space.backbone:
        # Weights that are missing are said now, not after hours of other trials.
        backbones.weights_id(backbone)
    measurers = {
        name: TrialMeasurer(dataset, parameters, backbones, NetworkStore())
        for name, dataset in datasets.items()
    }
    with claimed(Path(parameters.lock)):
        finished = readable_records(finished_trials)
        if parameters.reuse_history:
            finished = {**history_records(previous_history), **finished}
        check_unchanged({d.name: d.data_hash for d in datasets.values()}, finished.values())
        grid = TrialGrid(measurers, space, parameters, finished)
        with open_executor(datasets, parameters) as executor:
            for record in grid.run(executor):
                yield {f"{record['dataset']}/{record['trial_id']}": record}


def _datasets(
    manifests: Partitions,
    dataset_meta_features: pd.DataFrame,
    parameters: ExperimentGridParameters,
    ingestion: DataIngestionParameters,
) -> dict[str, MeasuredDataset]:
    rows = dataset_meta_features.set_index("dataset")
    names = parameters.datasets or tuple(sorted(rows.index))
    missing = [name for name in names if name not in manifests or name not in rows.index]
    if missing:
        raise InputError(
            f"These datasets of experiment_grid.datasets have not been ingested: "
            f"{', '.join(missing)}. Run the pipelines data_ingestion and meta_features with them "
            "in data_ingestion.use."
        )
    return {
        name: MeasuredDataset(
            name=name,
            manifest=manifests[name](),
            root=resolve_root(name, ingestion.registry[name], ingestion).absolute(),
            meta_features=MetaFeatures.model_validate(
                rows.loc[name, list(meta_feature_columns())].to_dict()
            ),
            data_hash=str(rows.loc[name, "data_hash"]),
        )
        for name in names
    }


def import_histories(
    parameters: ExperimentGridParameters,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Import other people's trials, with a report of what became of their rows."""
    return importer.import_histories(parameters.imports)


def join_history(
    trials: Partitions,
    imported_trials: pd.DataFrame,
    previous_history: pd.DataFrame,
    published_outcomes: pd.DataFrame,
    parameters: ExperimentGridParameters,
) -> pd.DataFrame:
    """Join stored trials, imported ones and the published outcomes to the history so far."""
    records = readable_records(trials).values()
    previous = previous_history if parameters.join_previous_history else None
    return collect_history(previous, records, published_outcomes, imported_trials)


def retrace_searches(
    history: pd.DataFrame, parameters: ExperimentGridParameters, search_space: SearchSpace
) -> dict[str, dict[str, Any]]:
    """Find out which trials each search ran, in order."""
    return retrace(
        history,
        search_space.restricted(backbone=parameters.backbones, strategy=parameters.strategies),
        parameters,
    )


def summarise_history(
    history: pd.DataFrame,
    searches: Partitions,
    published_methods: pd.DataFrame,
    held_back: list[str],
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Say what the history holds and shows, and what its searches ended with."""
    # What is kept to confirm what people choose, they do not look at.
    shown = History(history).without(frozenset(held_back)).table
    loaded = {name: load() for name, load in searches.items()}
    followed = {name: one for name, one in loaded.items() if one["dataset"] not in held_back}
    left_out = sorted(set(history["dataset"]) - set(shown["dataset"]))
    comparison = compare_searches(shown, followed, published_methods)
    return {**summary.summarise_history(shown), "held_back": left_out}, comparison


def draw_history(history_summary: dict[str, Any]) -> tuple[Figure, Figure, Figure, Figure]:
    """Draw winners, importance, similarity and learning curves."""
    return (
        pictures.plot_winners(history_summary),
        pictures.plot_importance(history_summary),
        pictures.plot_similarity(history_summary),
        pictures.plot_levels(history_summary),
    )
