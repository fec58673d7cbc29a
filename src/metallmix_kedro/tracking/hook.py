"""Logs runs that measure, recommend or train to MLflow, where ``tracking.mlflow`` says to."""

import json
import logging
from typing import Any, NamedTuple

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from metallmix_kedro.hooks import read_parameters
from metallmix_kedro.tracking.mlflow_run import MlflowRun
from metallmix_kedro.tracking.parameters import TrackingParameters

logger = logging.getLogger(__name__)


class Logged(NamedTuple):
    """What is logged of a dataset that a run makes: names of parameters, and of parts of it."""

    parameters: tuple[str, ...]
    made: tuple[str, ...]
    metrics: tuple[str, ...]
    report: str = ""


LOGGED = {
    "history_summary": Logged(("objective", "experiment_grid"), (), ("counts", "time")),
    "recommendation": Logged(
        ("objective", "target", "recommendation"),
        ("target", "configuration", "decided_by"),
        ("score", "training_time_s"),
        "recommendation_report",
    ),
    "model_card": Logged(
        ("objective", "target", "training"),
        ("name", "configuration"),
        ("scores", "training"),
        "training_report",
    ),
}
"""What a run has to make to be logged."""


class TrackingHooks:
    """Logs parameters, metrics and the report of a run."""

    def __init__(self) -> None:
        self._parameters: dict[str, Any] = {}
        self._run: MlflowRun | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember the parameters as they are written."""
        self._parameters = dict(read_parameters(context.config_loader))

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Start the run, so that a store that is not there is noticed before anything else."""
        self._run = None
        uri = TrackingParameters.model_validate(self._parameters["tracking"]).mlflow
        made = pipeline.all_outputs() & LOGGED.keys()
        if uri is None or not made:
            return
        keys = [key for name in sorted(made) for key in LOGGED[name].parameters]
        logged = {key: self._parameters[key] for key in keys}
        self._run = MlflowRun(uri, ", ".join(run_params["pipeline_names"] or []), logged)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Log what was made."""
        self._end("FINISHED", pipeline, catalog)

    @hook_impl
    def on_pipeline_error(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """End the run as failed."""
        self._end("FAILED", pipeline, catalog)

    def _end(self, status: str, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        try:
            if status == "FINISHED":
                for name in LOGGED.keys() & pipeline.all_outputs():
                    _log(run, name, pipeline, catalog)
            run.end(status)
        except (run.problem, OSError) as error:
            # What was made is saved; a server that has gone meanwhile shall not undo it.
            logger.warning("tracking.mlflow: the run could not be logged to its end: %s", error)


def _log(run: MlflowRun, name: str, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
    """Log a dataset that was made: whole, and what stands out of it under its dotted names."""
    logged, made = LOGGED[name], catalog[name].load()
    run.log_parameters({name: {key: made[key] for key in logged.made}})
    run.log_metrics({name: {key: made[key] for key in logged.metrics}})
    run.log_text(json.dumps(made, indent=1), f"{name}.json")
    if logged.report in pipeline.all_outputs():
        run.log_text(catalog[logged.report].load(), f"{logged.report}.html")
