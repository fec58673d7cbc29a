"""The parameters of tracking."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from metallmix_kedro.support import Parameters


def _without_password(uri: str) -> str:
    # Every run's record keeps the parameters.
    if "@" in urlsplit(uri).netloc:
        raise ValueError(
            "leave name and password out of the address; MLflow takes them from "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        )
    return uri


class TrackingParameters(Parameters):
    """Top-level key ``tracking``."""

    mlflow: Annotated[str, AfterValidator(_without_password), Field(min_length=1)] | None = Field(
        default=None,
        description="MLflow's tracking URI, sqlite:///mlflow.db or http://server:port; null: none.",
    )
