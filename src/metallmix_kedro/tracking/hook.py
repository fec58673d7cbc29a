"""Logs runs that measure, recommend or train to MLflow, where ``tracking.mlflow`` says to."""

import json
import logging
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from metallmix_kedro.audit import saved_paths
from metallmix_kedro.hooks import read_parameters
from metallmix_kedro.tracking.mlflow_run import MlflowRun
from metallmix_kedro.tracking.parameters import TrackingParameters

LOGGED = {
    "history_summary": ("objective", "experiment_grid"),
    "recommendation": ("objective", "target", "recommendation"),
    "model_card": ("objective", "target", "training"),
}
"""What a run has to make to be logged -> the parameters that are."""

logger = logging.getLogger(__name__)


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
        logged = {key: self._parameters[key] for name in sorted(made) for key in LOGGED[name]}
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
                _log_results(run, pipeline, catalog)
            run.end(status)
        except (run.problem, OSError) as error:
            # What was made is saved; a server that has gone meanwhile shall not undo it.
            logger.warning("tracking.mlflow: the run could not be logged to its end: %s", error)


def _log_results(run: MlflowRun, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
    outputs = pipeline.all_outputs()
    if "history_summary" in outputs:
        summary = catalog["history_summary"].load()
        run.log_metrics({key: summary["counts"][key] for key in ("trials", "finished", "failed")})
        run.log_metrics(summary["time"])
        run.log_text(json.dumps(summary, indent=1), "history_summary.json")
    saved = saved_paths(pipeline, catalog)
    if "recommendation" in saved:
        _log_recommendation(run, catalog["recommendation"].load())
        if "recommendation_report" in saved:
            run.log_text(catalog["recommendation_report"].load(), "recommendation_report.html")
    if "model_card" in outputs:
        _log_training(run, catalog["model_card"].load())
        if "training_report" in outputs:
            run.log_text(catalog["training_report"].load(), "training_report.html")


def _log_recommendation(run: MlflowRun, made: dict[str, Any]) -> None:
    run.log_parameters(
        {
            "recommended": made["configuration"],
            "decided_by": made["decided_by"],
            "dataset": made["target"]["name"],
        }
    )
    score = {f"score_{key}": made["score"][key] for key in ("low", "high", "relative")}
    seconds = made["training_time_s"]["value"]
    run.log_metrics({"score": made["score"]["value"], **score, "training_time_s": seconds})
    run.log_text(json.dumps(made, indent=1), "recommendation.json")


def _log_training(run: MlflowRun, card: dict[str, Any]) -> None:
    run.log_parameters({"trained": card["configuration"], "dataset": card["name"]})
    for name, score in card["scores"].items():
        told = {"": "value", "_low": "low", "_high": "high"}
        run.log_metrics({f"measured_{name}{end}": score[key] for end, key in told.items()})
    run.log_metrics({"measured_training_time_s": card["training"]["seconds"]})
    run.log_text(json.dumps(card, indent=1), "model_card.json")
