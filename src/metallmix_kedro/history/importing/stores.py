"""The stores in which MLflow and Optuna keep trials: as a mapping names them, and their rows."""

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pandas as pd
from pydantic import AfterValidator, Discriminator, Field, Tag

from metallmix_kedro.history.importing.tables import place_of, without_empty
from metallmix_kedro.support import InputError, Parameters, require

SQLITE = "sqlite:///"
"""What stands before the path of an SQLite file; a path that starts with / makes four of them."""

SERVER = ("http://", "https://")
"""What the address of an MLflow server starts with."""

_MLFLOW_SETTINGS = {
    # Tells nobody that it is used.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # From 3.13 on a folder is refused otherwise, though it can be read.
    "MLFLOW_ALLOW_FILE_STORE": "true",
    # Else a server that is not there is asked for minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
_MAX_SAID = 400


def _tracking_uri(address: str) -> str:
    if "://" in address and not address.startswith((SQLITE, *SERVER, "file://")):
        raise ValueError("allowed is a folder, sqlite:///file.db or a server's http://…")
    if address.startswith(SERVER) and "@" in urlsplit(address).netloc:
        raise ValueError(
            "leave name and password out of the address; MLflow takes them from "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        )
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
    ended: ClassVar[dict[str, str]] = {"FINISHED": "finished", "FAILED": "failed"}

    def __str__(self) -> str:
        """Name it in messages and in the report."""
        return f"{self.mlflow}, experiment {self.experiment}"


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
    ended: ClassVar[dict[str, str]] = {"COMPLETE": "finished", "FAIL": "failed"}

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


def read_store(store: Store, columns: Collection[str], folder: Path) -> pd.DataFrame:
    """Read some columns of an experiment of MLflow or a study of Optuna; nothing is written there.

    Parameters
    ----------
    store : MlflowStore or OptunaStorage
        What is read, by the library that wrote it.
    columns : collection of str
        Columns that are needed; others are not kept.
    folder : Path
        The folder to which a path in the address is relative.

    Returns
    -------
    pandas.DataFrame of str
        Cells like those of `tables.Table`: runs by when they started, numbered from 1, without
        deleted ones; trials by their number.

    Raises
    ------
    InputError
        If there is no such store, experiment, study or column, or if the library cannot read it.
    MissingExtraError
        Without MLflow or Optuna.
    """
    if isinstance(store, MlflowStore):
        trials = _mlflow_runs(store, folder)
    else:
        trials = _optuna_trials(store, folder)
    if trials.empty:
        return pd.DataFrame(columns=list(columns), dtype="str")
    for column in columns:
        place_of(store, list(trials.columns), column)
    return without_empty(trials[list(columns)].astype("str"))


@contextmanager
def _mlflow_settings() -> Iterator[None]:
    """Set what reading needs while it lasts: a run logged afterwards has settings of its own."""
    # What a user has set counts.
    added = {name: _MLFLOW_SETTINGS[name] for name in _MLFLOW_SETTINGS.keys() - os.environ.keys()}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@_mlflow_settings()
def _mlflow_runs(store: MlflowStore, folder: Path) -> pd.DataFrame:
    with _mlflow_address(store, folder) as address:
        mlflow = require("mlflow", "mlflow")
        require("sqlalchemy", "mlflow")
        try:
            client = mlflow.MlflowClient(address)
            experiments = {one.name: one.experiment_id for one in _pages(client.search_experiments)}
            _known("file.experiment", store.experiment, store.mlflow, experiments)
            chosen = [experiments[store.experiment]]
            runs = list(_pages(lambda **page: client.search_runs(chosen, **page)))
        except mlflow.MlflowException as error:
            raise _unreadable("file.mlflow", store.mlflow, error) from error
    if not runs:
        return pd.DataFrame()
    table = pd.json_normalize([run.to_dictionary() for run in runs])
    table = table.set_axis(table.columns.str.replace(r"^(info|data)\.", "", regex=True), axis=1)
    # Of runs that have not ended there may be no number at all.
    table["duration"] = (pd.to_numeric(table["end_time"]) - table["start_time"]) / 1000
    ordered = table.sort_values(["start_time", "run_id"])
    return ordered.set_axis(range(1, len(table) + 1), axis=0)


def _pages(search: Callable[..., Any]) -> Iterator[Any]:
    token = None
    while True:
        page = search(page_token=token)
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def _mlflow_address(store: MlflowStore, folder: Path) -> Iterator[str]:
    """Give the address as MLflow takes it, once it is sure that it would not make a new store."""
    address = store.mlflow
    if address.startswith(SERVER):
        yield address
    elif address.startswith(SQLITE):
        with _copy_of(address, folder, "file.mlflow") as copy:
            yield copy
    else:
        local = url2pathname(urlsplit(address).path) if address.startswith("file:") else address
        path = (folder / local).resolve()
        if not any(path.glob("*/meta.yaml")):
            raise InputError(
                f"file.mlflow: {path} is no folder in which MLflow keeps experiments; usually it "
                "is called mlruns."
            )
        yield path.as_uri()


def _optuna_trials(store: OptunaStorage, folder: Path) -> pd.DataFrame:
    with _copy_of(store.optuna, folder, "file.optuna") as copy:
        optuna = require("optuna", "optuna")
        problems = (
            RuntimeError,  # Of a schema that is older or newer than the library.
            optuna.exceptions.OptunaError,
            require("sqlalchemy.exc", "optuna").SQLAlchemyError,
        )
        try:
            storage = optuna.storages.RDBStorage(copy)
            _known("file.study", store.study, store.optuna, optuna.get_all_study_names(storage))
            study = optuna.load_study(study_name=store.study, storage=storage)
            trials: pd.DataFrame = study.trials_dataframe()
        except problems as error:
            raise _unreadable("file.optuna", store.optuna, error) from error
    return trials if trials.empty else trials.set_index("number", drop=False)


@contextmanager
def _copy_of(address: str, folder: Path, key: str) -> Iterator[str]:
    """Copy an SQLite file: both libraries write into what they open, be it a version's number."""
    path = folder / address.removeprefix(SQLITE)
    if not path.is_file():
        raise InputError(f"{key}: {path.resolve()} is missing; a path is relative to the mapping "
                         "file's folder.")  # fmt: skip
    with TemporaryDirectory() as temporary:
        copy = Path(temporary, "copy.db")
        try:
            uri = f"{path.resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True)) as theirs, \
                    closing(sqlite3.connect(copy)) as ours:  # fmt: skip
                theirs.backup(ours)
        except sqlite3.Error as error:
            raise _unreadable(key, address, error) from error
        yield f"{SQLITE}{copy}"


def _known(key: str, name: str, address: str, names: Collection[str]) -> None:
    if name not in names:
        listed = ", ".join(repr(one) for one in sorted(names)) or "none"
        raise InputError(f"{key}: {address} has no '{name}'; there are: {listed}.")


def _unreadable(key: str, address: str, error: Exception) -> InputError:
    said = " ".join(str(error).split())[:_MAX_SAID]
    return InputError(f"{key}: {address} cannot be read: {said}")
