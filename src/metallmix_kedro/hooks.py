"""What happens around a run: parameters checked, inputs pinned, a record left, a summary said."""

import gc
import logging
from pathlib import Path
from typing import Any

from kedro.config import AbstractConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from omegaconf.errors import ConfigTypeError

from metallmix_kedro import declared
from metallmix_kedro.all_parameters import check_parameters, schema
from metallmix_kedro.audit import (
    RunRecord,
    incoming_versions,
    loaded_versions,
    now,
    saved_paths,
    saved_versions,
    start_record,
    write_record,
)
from metallmix_kedro.support import ParameterError, from_project

RECORD_FOLDER = Path("08_reporting/runs")
"""Where the records lie under the data root."""

logger = logging.getLogger(__name__)


def data_root(context: KedroContext) -> Path:
    """Resolve the data root of the environment that runs."""
    return Path(context.project_path, context.config_loader["globals"]["data_root"])


class ParameterHooks:
    """Refuses unknown parameters and values out of range, and puts what is declared in force."""

    @hook_impl(trylast=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Check all parameters, of every pipeline, at once, and find the files they name.

        Raises
        ------
        metallmix_kedro.support.errors.ParameterError
            Naming every offence.
        """
        parameters = read_parameters(context.config_loader)
        declared.use(check_parameters(parameters).declaration)
        _check_objective(parameters["objective"], context.config_loader)
        # Kedro has the catalog's relative paths start there; those of parameters follow it.
        context.config_loader["parameters"] = from_project(
            parameters, schema(), context.project_path
        )
        _find_prompts(context.config_loader, context.project_path)


def _find_prompts(loader: AbstractConfigLoader, project_path: Path) -> None:
    """Read what the catalog has below ``conf/`` from the folder that was named in its place."""
    conf = project_path / loader.conf_source
    if not conf.is_dir() or conf == project_path / "conf":
        return
    catalog = loader["catalog"]
    for entry in catalog.values():
        where = entry.get("path") if isinstance(entry, dict) else None
        if isinstance(where, str) and where.startswith("conf/"):
            entry["path"] = str(conf / where.removeprefix("conf/"))
    loader["catalog"] = catalog


def read_parameters(loader: AbstractConfigLoader) -> dict[str, Any]:
    """Read and merge the parameters, once.

    Raises
    ------
    metallmix_kedro.support.errors.ParameterError
        If an environment has a list where another one has a mapping.
    """
    try:
        parameters: dict[str, Any] = loader["parameters"]
    except ConfigTypeError as error:
        raise ParameterError(
            f"The parameters of the environments do not fit together: a list stands for a mapping "
            f"({str(error).splitlines()[0]}). A hyperparameter is declared with its kind; its "
            "values, search_space.optimizer: [adam] before, are now written as\n\n"
            "search_space:\n  optimizer:\n    values: [adam]\n\n"
            "or, after --params, search_space.optimizer.values=[adam]."
        ) from error
    # Kedro would read and merge the files again for its own use.
    loader["parameters"] = parameters
    return parameters


def _check_objective(objective: str, loader: AbstractConfigLoader) -> None:
    """Refuse an objective that the catalog does not know of: its folders are named after it."""
    given = (loader.runtime_params or {}).get("objective", loader["globals"]["objective"])
    if objective != given:
        raise ParameterError(
            f"objective = {objective!r} stands in a parameters file, but the catalog's folders are "
            f"those of {given!r}. Set it in conf/local/globals.yml, or with --params=objective=..."
        )


class InputVersionHooks:
    """Tells a pipeline the versions of what it is given, for its provenance."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Fill ``input_versions`` where a node reads it."""
        if "input_versions" in pipeline.inputs():
            versions = incoming_versions(pipeline, catalog, dict(pipelines))
            catalog["input_versions"].save(versions)


class RunRecordHooks:
    """Leaves a JSON record of every run, also of one that fails or is killed."""

    def __init__(self) -> None:
        self._folder = Path()
        self._project_path = Path()
        self._parameters: dict[str, Any] = {}
        self._record: RunRecord | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember what the context alone knows, paths as they were written."""
        self._project_path = context.project_path
        self._folder = data_root(context) / RECORD_FOLDER
        self._parameters = dict(read_parameters(context.config_loader))

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Write the record of a run that has started, with the versions it will read."""
        self._record = start_record(run_params, self._parameters, self._project_path)
        self._record.loaded = loaded_versions(pipeline, catalog)
        write_record(self._folder, self._record)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Close the record of a run that went well."""
        self._close("finished", None, pipeline, catalog)

    @hook_impl
    def on_pipeline_error(
        self, error: Exception, pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Close the record of a run that failed."""
        self._close("failed", f"{type(error).__name__}: {error}", pipeline, catalog)

    def _close(
        self, status: str, error: str | None, pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        if self._record is None:
            return
        closing = {
            "status": status,
            "error": error,
            "ended": now(),
            "saved": saved_versions(pipeline, catalog),
        }
        write_record(self._folder, self._record.model_copy(update=closing))
        self._record = None


class StartHooks:
    """Ends the start of a run."""

    @hook_impl(trylast=True)
    def before_pipeline_run(self) -> None:
        """Set aside what was imported: it stays to the end, and is never garbage.

        Otherwise Python looks through all of it again and again, and once more at its end: a fifth
        of the processor time of a recommendation.
        """
        gc.freeze()


class ProgressHooks:
    """Says which node runs: one short line each."""

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Name the node before it starts."""
        logger.info("%s", node.name)


class SummaryHooks:
    """Ends a recommendation or a training with a summary one can read."""

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Print what was recommended or trained, and where the results lie."""
        saved = saved_paths(pipeline, catalog)
        if "recommendation" in saved:
            _print_summary(catalog["recommendation"].load(), saved)
        if "model_card" in pipeline.all_outputs():
            folder = Path(catalog["classifier"]._describe()["filepath"]).absolute().parent
            _print_trained(catalog["model_card"].load(), _short(folder))


def _print_trained(card: dict[str, Any], folder: str) -> None:
    from rich.console import Console

    Console().print(
        f"\nTrained for {card['name']}: {card['told']}.\n{card['predicted']['verdict']}\n"
        f"In {folder}: classifier.keras with labels.json, model_card.md, training_report.html, "
        f"train.py.\nNew images: kedro classify {folder}/classifier.keras FOLDER",
        markup=False,
        highlight=False,
    )


def _print_summary(stored: dict[str, Any], saved: dict[str, Path]) -> None:
    from metallmix_kedro.report import Recommendation, render_summary
    from metallmix_kedro.support import show

    paths = {name: _short(path) for name, path in saved.items()}
    show(
        lambda: render_summary(
            Recommendation.model_validate(stored),
            paths["recommendation"],
            paths.get("recommendation_report", ""),
        ),
        f"The summary cannot be shown; the recommendation is saved: {paths['recommendation']}",
    )


def _short(path: Path) -> str:
    """Show a path from the working folder where it lies in it."""
    try:
        here = Path.cwd()
    except OSError:  # the working folder was removed
        return str(path)
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
