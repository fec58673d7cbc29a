"""Which version of which dataset a run reads and writes."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from kedro.io import AbstractVersionedDataset, CatalogProtocol
from kedro.io.core import VersionNotFoundError
from kedro.pipeline import Pipeline

from metallmix_kedro.audit.record import DatasetVersion, file_sha256


def versioned(
    catalog: CatalogProtocol, names: Iterable[str]
) -> dict[str, AbstractVersionedDataset]:
    """Pick the versioned datasets among `names`, sorted by name."""
    datasets = {name: catalog.get(name) for name in sorted(names) if name in catalog}
    return {
        name: dataset
        for name, dataset in datasets.items()
        if isinstance(dataset, AbstractVersionedDataset) and dataset.resolve_save_version()
    }


def load_version(dataset: AbstractVersionedDataset) -> str | None:
    """Resolve the version that would be loaded; None where nothing is stored yet."""
    try:
        version: str | None = dataset.resolve_load_version()
    except VersionNotFoundError:
        return None
    return version


def version_path(dataset: AbstractVersionedDataset, version: str | None) -> Path | None:
    """Find the stored file of one version; None where it is not there (any more)."""
    try:
        paths = [Path(path) for path in dataset.list_versions()]
    except VersionNotFoundError:
        return None
    return next((path for path in paths if path.parent.name == version), None)


def loaded_versions(pipeline: Pipeline, catalog: CatalogProtocol) -> dict[str, DatasetVersion]:
    """Describe what a run reads from outside: its free inputs, by name."""
    datasets = versioned(catalog, pipeline.inputs())
    return _described(
        _stored(datasets, {name: load_version(one) for name, one in datasets.items()})
    )


def saved_versions(pipeline: Pipeline, catalog: CatalogProtocol) -> dict[str, DatasetVersion]:
    """Describe what a run has stored of its outputs, by name."""
    return _described(saved_paths(pipeline, catalog))


def saved_paths(pipeline: Pipeline, catalog: CatalogProtocol) -> dict[str, Path]:
    """Find the files that a run has stored, by the name of their dataset."""
    datasets = versioned(catalog, pipeline.all_outputs())
    versions = {name: one.resolve_save_version() for name, one in datasets.items()}
    return _stored(datasets, versions)


def _stored(
    datasets: Mapping[str, AbstractVersionedDataset], versions: Mapping[str, str | None]
) -> dict[str, Path]:
    found = {name: version_path(datasets[name], version) for name, version in versions.items()}
    return {name: path for name, path in found.items() if path is not None}


def _described(paths: Mapping[str, Path]) -> dict[str, DatasetVersion]:
    """Pair each stored version with the hash of its bytes."""
    return {
        name: DatasetVersion(version=path.parent.name, sha256=file_sha256(path))
        for name, path in paths.items()
    }


def incoming_versions(
    pipeline: Pipeline, catalog: CatalogProtocol, registered: Mapping[str, Pipeline]
) -> dict[str, str]:
    """Say which versions come into the pipelines that ask for ``input_versions``.

    What such a pipeline makes itself does not count, even where only a part of it runs: its
    results then name the same inputs whether it ran alone, in parts, or after the others.

    Parameters
    ----------
    pipeline : kedro.pipeline.Pipeline
        What runs, filtered.
    catalog : kedro.io.CatalogProtocol
        Its catalog.
    registered : mapping of str to kedro.pipeline.Pipeline
        The whole pipelines by name; a node's namespace is the name of its pipeline.

    Returns
    -------
    dict of str to str
        Dataset name to version, sorted by name.
    """
    asking = {node.namespace for node in pipeline.nodes if "input_versions" in node.inputs}
    incoming = {name for box in asking & set(registered) for name in registered[box].inputs()}
    made_now = pipeline.all_outputs()
    versions = {
        name: dataset.resolve_save_version() if name in made_now else load_version(dataset)
        for name, dataset in versioned(catalog, incoming).items()
    }
    return {name: version for name, version in versions.items() if version}
