"""The mapping file: which of somebody's columns is which of the history's."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from metallmix_kedro.declared import meta_feature_columns, network
from metallmix_kedro.history.columns import ACCURACY, history_columns
from metallmix_kedro.history.importing.stores import TrialsFile
from metallmix_kedro.history.importing.tables import TableFormat
from metallmix_kedro.history.importing.values import Value, is_number, parse_value
from metallmix_kedro.support import InputError, describe_offences, load_text_yaml

_OWN = frozenset({"trial_id", "source", "proposer", "freeze_batch_norm"})


def given_columns() -> tuple[str, ...]:
    """Name the history's columns that a mapping may fill; `_OWN` say what only we know."""
    return tuple(name for name in history_columns() if name not in _OWN)


def needed_columns() -> tuple[str, ...]:
    """Name those without which a trial says nothing."""
    named = network()
    return ("dataset", *([named] if named else []), ACCURACY)


def _given_column(name: str) -> str:
    return _one_of(name, given_columns(), "column of the history that can be imported")


def _number_column(name: str) -> str:
    numbers = tuple(one for one in given_columns() if is_number(one))
    return _one_of(name, numbers, "column of the history that holds numbers")


def _meta_feature(name: str) -> str:
    return _one_of(name, meta_feature_columns(), "meta-feature")


def _one_of(name: str, known: tuple[str, ...], kind: str) -> str:
    if name in known:
        return name
    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are: {', '.join(known)}"
    raise ValueError(f"'{name}' is no {kind}; {hint}")


Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]
Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]
GivenColumn = Annotated[str, AfterValidator(_given_column)]
NumberColumn = Annotated[str, AfterValidator(_number_column)]
MetaFeature = Annotated[str, AfterValidator(_meta_feature)]


def _parsed(given: dict[str, str]) -> dict[str, Value]:
    """Make values of the history of what is said in words."""
    values = {}
    for column, text in given.items():
        try:
            values[column] = parse_value(column, text)
        except ValueError as error:
            raise ValueError(f"{column}: '{text}' {error}") from None
    return values


class DatasetTable(TableFormat):
    """A second file with one row a dataset."""

    file: Text = Field(
        description="A .csv, .tsv or .parquet file, relative to the mapping file's folder."
    )
    key: Text = Field(description="Their column with the dataset's name, as the trials name it.")
    columns: dict[MetaFeature, Text] = Field(
        min_length=1, description="Meta-feature -> their column."
    )


class HistoryMapping(TableFormat):
    """How the rows of somebody's table become trials of the history."""

    file: TrialsFile = Field(
        description="A .csv, .tsv or .parquet file, relative to the mapping file's folder, or a "
        "store: {mlflow: ADDRESS, experiment: NAME} or {optuna: ADDRESS, study: NAME}."
    )
    name: Name = Field(
        description="Name of this import: lower-case letters, digits and _.- (no other import's)."
    )
    decimal: Literal[".", ","] = Field(default=".", description="Decimal sign of numbers.")
    columns: dict[GivenColumn, Text] = Field(
        min_length=1, description="Column of the history -> their column."
    )
    constants: Annotated[dict[GivenColumn, Text], AfterValidator(_parsed)] = Field(
        default_factory=dict, description="Column of the history -> one value for all trials."
    )
    values: dict[GivenColumn, dict[str, str]] = Field(
        default_factory=dict, description="Column of the history -> their value -> ours."
    )
    scale: dict[NumberColumn, Factor] = Field(
        default_factory=dict, description="Column of the history -> factor on their numbers."
    )
    only: dict[Text, tuple[str, ...]] = Field(
        default_factory=dict, description="Their column -> values whose rows are taken."
    )
    drop: dict[Text, tuple[str, ...]] = Field(
        default_factory=dict, description="Their column -> values whose rows are left out."
    )
    id: Text | None = Field(
        default=None, description="Their column that tells trials apart which agree in all else."
    )
    datasets: dict[Text, Annotated[dict[MetaFeature, Text], AfterValidator(_parsed)]] = Field(
        default_factory=dict, description="Name of a dataset -> meta-feature -> value."
    )
    dataset_cards: tuple[Text, ...] = Field(
        default=(), description="Dataset cards, relative to the mapping file's folder."
    )
    dataset_table: DatasetTable | None = Field(
        default=None, description="A second file with one row a dataset."
    )
    on_bad_rows: Literal["refuse", "exclude"] = Field(
        default="refuse",
        description="refuse: one bad row and nothing is imported; exclude: the others are.",
    )

    @property
    def theirs(self) -> dict[str, str]:
        """Column of the history -> the column of their tables that it comes from."""
        described = {} if self.dataset_table is None else self.dataset_table.columns
        return {**self.columns, **described}


def read_mapping(path: Path) -> HistoryMapping:
    """Read a mapping file.

    Parameters
    ----------
    path : Path
        A YAML file with the keys of `HistoryMapping`.

    Returns
    -------
    HistoryMapping

    Raises
    ------
    InputError
        If the file is missing, is no YAML or holds anything else than a mapping; every key at
        fault is named, with what is allowed.
    """
    values = load_text_yaml(path, "Mapping file", "parameter experiment_grid.imports")
    try:
        mapping = HistoryMapping.model_validate(values)
    except ValidationError as error:
        faults = describe_offences(HistoryMapping.model_json_schema(), error.errors())
    else:
        mapping = _with_what_a_store_knows(mapping)
        faults = list(_contradictions(mapping))
    if faults:
        listed = "\n- ".join(faults)
        raise InputError(f"Mapping file {path} cannot be used:\n- {listed}")
    return mapping


def _with_what_a_store_knows(mapping: HistoryMapping) -> HistoryMapping:
    """Where a store keeps the trials, say which have ended, how, and what tells them apart."""
    store = mapping.file
    if isinstance(store, str):
        return mapping
    known: dict[str, Any] = {"id": mapping.id or store.id_column}
    columns = mapping.columns
    if "status" not in mapping.constants:
        columns = {"status": store.status_column, **columns}
    if columns.get("status") == store.status_column:
        words = {**store.ended, **mapping.values.get("status", {})}
        known["columns"] = columns
        known["values"] = {**mapping.values, "status": words}
        known["only"] = {store.status_column: tuple(words), **mapping.only}
    return mapping.model_copy(update=known)


def _contradictions(mapping: HistoryMapping) -> Iterator[str]:
    """List what the single keys cannot see."""
    yield from _missing(mapping)
    yield from _said_twice(mapping)
    yield from _without_effect(mapping)


def _missing(mapping: HistoryMapping) -> Iterator[str]:
    for column in needed_columns():
        if column not in mapping.columns and column not in mapping.constants:
            yield f"{column} is missing: name their column for it in columns"
    described = mapping.datasets or mapping.dataset_cards
    given = {*mapping.theirs, *mapping.constants}
    if "modality" in set(meta_feature_columns()) - given and not described:
        yield (
            "modality is missing: name their column for it in columns, or say it for all trials in "
            "constants (modality: unknown, where nobody knows)"
        )


def _said_twice(mapping: HistoryMapping) -> Iterator[str]:
    table = {} if mapping.dataset_table is None else mapping.dataset_table.columns
    others = {"constants": mapping.constants, "dataset_table.columns": table}
    for key, named in others.items():
        for column in sorted(set(mapping.columns) & set(named)):
            yield f"{column} stands in columns and in {key}: keep one of the two"


def _without_effect(mapping: HistoryMapping) -> Iterator[str]:
    for key in ("values", "scale"):
        for column in sorted(set(getattr(mapping, key)) - set(mapping.theirs)):
            yield (
                f"{key}.{column}: this column is not taken from their file, so there is nothing "
                "to translate"
            )
    if not isinstance(mapping.file, str) or mapping.file.casefold().endswith(".parquet"):
        for key in sorted({"decimal", "delimiter", "encoding"} & mapping.model_fields_set):
            yield f"{key}: says how a CSV is read, and file is none; leave it out"
