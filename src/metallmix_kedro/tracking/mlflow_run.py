"""One run of MLflow."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from metallmix_kedro.support import ParameterError, require

EXPERIMENT = "metallmix-kedro"
"""MLflow experiment to which all runs belong."""

_LONGEST = 6000
"""Characters that MLflow keeps of a parameter."""


class MlflowRun:
    """A run that has started in an MLflow store.

    Parameters
    ----------
    uri : str
        Tracking URI; a relative path is relative to the working folder.
    name : str
        Name of the run.
    parameters : mapping
        Logged with dotted names.

    Raises
    ------
    MissingExtraError
        Without MLflow.
    ParameterError
        If MLflow cannot write there.
    """

    def __init__(self, uri: str, name: str, parameters: Mapping[str, Any]) -> None:
        # Tells nobody that it is used, and does not wait minutes for a server that is not there.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        mlflow = require("mlflow", "mlflow")
        require("sqlalchemy", "mlflow")
        self.problem: type[Exception] = mlflow.MlflowException
        try:
            self._client = mlflow.MlflowClient(uri)
            known = self._client.get_experiment_by_name(EXPERIMENT)
            experiment = (
                known.experiment_id if known else self._client.create_experiment(EXPERIMENT)
            )
            self._id = self._client.create_run(experiment, run_name=name).info.run_id
            self.log_parameters(parameters)
        except self.problem as error:
            said = " ".join(str(error).split())[:400]
            raise ParameterError(
                f"tracking.mlflow = {uri!r}: MLflow cannot log there: {said} With null nothing is "
                "logged."
            ) from error

    def log_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Log nested values under dotted names."""
        entity = require("mlflow.entities", "mlflow").Param
        logged = [entity(name, str(value)[:_LONGEST]) for name, value in _flat(parameters)]
        self._client.log_batch(self._id, params=logged)

    def log_metrics(self, measured: Mapping[str, Any]) -> None:
        """Log the numbers among nested values under dotted names."""
        for name, value in _flat(measured):
            if isinstance(value, int | float) and not isinstance(value, bool):
                self._client.log_metric(self._id, name, value)

    def log_text(self, text: str, name: str) -> None:
        """Keep a text as an artifact."""
        self._client.log_text(self._id, text, name)

    def end(self, status: str) -> None:
        """End the run, ``"FINISHED"`` or ``"FAILED"``."""
        self._client.set_terminated(self._id, status)


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
