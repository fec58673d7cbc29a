"""Repeat a recorded recommendation from the versions it was made from, and compare the bytes."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession
from kedro.io import AbstractDataset, AbstractVersionedDataset, CatalogProtocol, DataCatalog
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from metallmix_kedro.audit.comparison import Comparison, compare_bytes
from metallmix_kedro.audit.record import DatasetVersion, RunRecord, file_sha256, package_versions
from metallmix_kedro.audit.versions import version_path, versioned
from metallmix_kedro.support import ArtifactError

PIPELINE = "recommendation"
RECOMMENDATION = "recommendation"
ASKED_ONCE = frozenset({"llm_reply", "target_probes"})
"""Recorded versions of these are read: no LLM is asked again, and no machine is timed again."""


@dataclass(frozen=True)
class ReplayReport:
    """What a replay found.

    Attributes
    ----------
    run_id : str
        Of the recorded run.
    outputs : tuple of Comparison
        Every recorded output of the recommendation that was made again.
    changed_inputs : tuple of str
        ``name:version`` of inputs whose bytes are no longer those that were recorded.
    changed_packages : dict of str to tuple of (str, str)
        Package to (version then, version now); "" where it is not installed.
    """

    run_id: str
    outputs: tuple[Comparison, ...]
    changed_inputs: tuple[str, ...]
    changed_packages: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def identical(self) -> bool:
        """Whether every output came out with the recorded bytes and is stored unchanged."""
        return all(output.identical and output.stored_intact for output in self.outputs)


class ReplayRunner(SequentialRunner):
    """A sequential runner that writes outputs into a folder of its own, unversioned.

    Each output is serialised by its own dataset class with the catalog's arguments, so its
    bytes are those the catalog would store; the catalog's data stay untouched.

    Parameters
    ----------
    record : RunRecord
        The run that is repeated.
    folder : pathlib.Path
        Where the outputs go.
    """

    def __init__(self, record: RunRecord, folder: Path) -> None:
        super().__init__()
        self._recorded = {**record.loaded, **record.saved}
        self._saved = record.saved
        self._folder = folder
        self.comparisons: tuple[Comparison, ...] = ()
        self.changed_inputs: tuple[str, ...] = ()

    def run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol,
        hook_manager: Any = None,
        run_id: str | None = None,
        only_missing_outputs: bool = False,  # noqa: ARG002 (a replay makes everything)
    ) -> dict[str, Any]:
        """Check the recorded inputs, run, and compare the outputs.

        Raises
        ------
        metallmix_kedro.support.errors.ArtifactError
            If a recorded version of an input was deleted.
        """
        self.changed_inputs = self._check_inputs(catalog, pipeline.inputs())
        made = versioned(catalog, pipeline.all_outputs())
        result: dict[str, Any] = super().run(
            pipeline, self._apart(catalog, pipeline, made), hook_manager, run_id
        )
        self.comparisons = tuple(
            self._compare(name, dataset) for name, dataset in made.items() if name in self._saved
        )
        return result

    def _apart(
        self, catalog: CatalogProtocol, pipeline: Pipeline, made: Iterable[str]
    ) -> DataCatalog:
        """Make a catalog that reads what the given one reads and writes into the folder."""
        configs = catalog.to_config()[0]
        apart = DataCatalog({name: catalog[name] for name in pipeline.inputs()})
        for name in made:
            config = {key: value for key, value in configs[name].items() if key != "versioned"}
            config["filepath"] = (self._folder / name).as_posix()
            apart[name] = AbstractDataset.from_config(name, config)
        return apart

    def _compare(self, name: str, dataset: AbstractVersionedDataset) -> Comparison:
        recorded = self._saved[name]
        path = version_path(dataset, recorded.version)
        stored = path.read_bytes() if path else None
        return compare_bytes(name, recorded, stored, (self._folder / name).read_bytes())

    def _check_inputs(self, catalog: CatalogProtocol, names: Iterable[str]) -> tuple[str, ...]:
        """Find inputs that were altered; refuse to go on where one is gone."""
        missing, changed = [], []
        for name, dataset in versioned(catalog, set(names) & set(self._recorded)).items():
            recorded = self._recorded[name]
            path = version_path(dataset, recorded.version)
            if path is None:
                missing.append(f"{name}:{recorded.version}")
            elif file_sha256(path) != recorded.sha256:
                changed.append(f"{name}:{recorded.version}")
        if missing:
            raise ArtifactError(
                "The run cannot be repeated: these versions that it read are not there any "
                f"more: {', '.join(missing)}. Restore them from git or a backup."
            )
        return tuple(changed)


def replay(record: RunRecord, project_path: Path, conf_source: str | None = None) -> ReplayReport:
    """Repeat a recorded recommendation.

    The recorded parameters and versions are used, whatever the configuration and the newest
    data say today. No LLM is asked and no image is probed: what is recorded of them is read.

    Parameters
    ----------
    record : RunRecord
        Of a run that saved a recommendation.
    project_path : pathlib.Path
        The project's folder.
    conf_source : str, optional
        Where the configuration lies, if not in the project's ``conf``.

    Raises
    ------
    metallmix_kedro.support.errors.ArtifactError
        If the run saved no recommendation, or an input of it is gone.
    """
    if RECOMMENDATION not in record.saved:
        raise ArtifactError(
            f"The run {record.run_id} saved no recommendation ({record.status}), so there is "
            "nothing to repeat. List the recorded runs with: kedro runs"
        )
    pipeline = _repeated(record)
    versions = _versions(pipeline, record)
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        runner = ReplayRunner(record, Path(folder))
        with KedroSession.create(
            project_path=project_path,
            env=record.env,
            conf_source=conf_source,
            runtime_params={**record.parameters, "tracking": {"mlflow": None}},
        ) as session:
            session.run(
                pipeline_names=[PIPELINE],
                node_names=sorted(node.name for node in pipeline.nodes),
                load_versions=versions,
                runner=runner,
            )
    return ReplayReport(
        run_id=record.run_id,
        outputs=runner.comparisons,
        changed_inputs=runner.changed_inputs,
        changed_packages=_changed_packages(record.packages),
    )


def _repeated(record: RunRecord) -> Pipeline:
    """Take the nodes of the recommendation that the run had, without those that are asked once."""
    from metallmix_kedro.pipelines.recommendation import create_pipeline

    asked = {key: value for key, value in record.selection.items() if key != "load_versions"}
    if "namespaces" in asked:
        asked["node_namespaces"] = asked.pop("namespaces")
    whole = create_pipeline()
    if record.pipelines == [PIPELINE]:
        whole = whole.filter(**asked)
    return Pipeline([node for node in whole.nodes if not ASKED_ONCE & set(node.outputs)])


def _versions(pipeline: Pipeline, record: RunRecord) -> dict[str, str]:
    """Pin every recorded version that the repeated nodes read from outside."""
    recorded: dict[str, DatasetVersion] = {**record.loaded, **record.saved}
    return {name: recorded[name].version for name in sorted(pipeline.inputs()) if name in recorded}


def _changed_packages(then: dict[str, str]) -> dict[str, tuple[str, str]]:
    now = package_versions()
    return {
        name: (then.get(name, ""), now.get(name, ""))
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    }
