"""The stores in which other tools keep trials, as a mapping file names them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, Tag

from metallmix_kedro.support import Parameters

SQLITE = "sqlite:///"
"""What stands before the path of an SQLite file; a path that starts with / makes four of them."""

SERVER = ("http://", "https://")
"""What the address of an MLflow server starts with."""


def _tracking_uri(address: str) -> str:
    if "://" in address and not address.startswith((SQLITE, *SERVER, "file://")):
        raise ValueError("allowed is a folder, sqlite:///file.db or a server's http://…")
    return address


def _storage_url(address: str) -> str:
    if not address.startswith(SQLITE):
        raise ValueError(
            "allowed is an SQLite file, sqlite:///file.db; of another storage save "
            "study.trials_dataframe() as a table"
        )
    return address


class MlflowStore(Parameters):
    """An experiment of an MLflow tracking store; its rows are runs.

    The columns are ``run_id``, ``run_name``, ``status``, ``duration`` (in seconds), and
    ``params.``, ``metrics.`` and ``tags.`` with the name that was logged.
    """

    mlflow: Annotated[str, AfterValidator(_tracking_uri), Field(min_length=1)] = Field(
        description="The store: a folder, sqlite:///file.db or http://server:port."
    )
    experiment: Annotated[str, Field(min_length=1)] = Field(description="Name of the experiment.")

    id_column: ClassVar[str] = "run_id"
    status_column: ClassVar[str] = "status"
    ended: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"FINISHED": "finished", "FAILED": "failed"}
    )

    def __str__(self) -> str:
        """Name it in messages and in the report."""
        return f"{self.mlflow}, experiment {self.experiment}"

    @property
    def has_password(self) -> bool:
        """Say whether the address names a user of the server, so maybe a password."""
        return self.mlflow.startswith(SERVER) and "@" in urlsplit(self.mlflow).netloc


class OptunaStorage(Parameters):
    """A study of an Optuna storage; its rows are trials.

    The columns are those of ``study.trials_dataframe()``: ``number``, ``value``, ``duration``,
    ``state``, and ``params_`` and ``user_attrs_`` with a name behind it.
    """

    optuna: Annotated[str, AfterValidator(_storage_url), Field(min_length=1)] = Field(
        description="The storage: sqlite:///file.db."
    )
    study: Annotated[str, Field(min_length=1)] = Field(description="Name of the study.")

    id_column: ClassVar[str] = "number"
    status_column: ClassVar[str] = "state"
    # The value of a pruned trial is that of an early epoch.
    ended: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"COMPLETE": "finished", "FAIL": "failed"}
    )

    def __str__(self) -> str:
        """Name it in messages and in the report."""
        return f"{self.optuna}, study {self.study}"


Store = MlflowStore | OptunaStorage


def _kind(value: Any) -> str | None:
    """Tell from its first key which store a mapping means, so that an error is about that one."""
    if isinstance(value, Mapping):
        kinds = [key for key in ("mlflow", "optuna") if key in value]
        return f"a store of {kinds[0]}" if len(kinds) == 1 else None
    return "a table" if isinstance(value, str) else None


TrialsFile = Annotated[
    Annotated[str, Field(min_length=1), Tag("a table")]
    | Annotated[MlflowStore, Tag("a store of mlflow")]
    | Annotated[OptunaStorage, Tag("a store of optuna")],
    Discriminator(_kind),
]
"""A table's path, or a store."""
