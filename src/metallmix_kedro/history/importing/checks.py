"""What is wrong with imported trials, row by row."""

from collections.abc import Collection
from typing import Annotated

import pandas as pd
from pandera.errors import SchemaErrors
from pydantic import BaseModel, Field, ValidationError

from metallmix_kedro.history.columns import ACCURACY
from metallmix_kedro.history.importing.values import Fault
from metallmix_kedro.history.schema import HistorySchema
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space.space import Strategy
from metallmix_kedro.support.parameter_errors import describe_offences


class ImportedConfiguration(BaseModel):
    """What a hyperparameter must be to mean the same as here, in whatever search space.

    Any backbone and any optimizer may be named, any number be given that makes sense. The
    strategy is one of ours, because the surrogate knows them by how much they train.
    """

    strategy: Strategy
    dense_units: Annotated[int, Field(ge=0)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    batch_size: Annotated[int, Field(ge=1)]


_BROKEN = {
    "not_nullable": "is missing",
    "greater_than_or_equal_to(0)": "is below 0",
    "in_range(0, 1)": "is not in [0, 1]; if it is in percent, set scale to 0.01",
    "isin(('finished', 'failed'))": "is neither finished nor failed; translate it in values.status",
}
"""Check of the schema -> what it says of a value that fails it."""


def find_faults(rows: pd.DataFrame) -> list[Fault]:
    """Check trials against all that a history asks of one.

    Parameters
    ----------
    rows : pandas.DataFrame of object
        Columns `HISTORY_COLUMNS`; the index is the row number. The trial ids are not looked at.

    Returns
    -------
    list of Fault
        The first fault of each value, by row.
    """
    faults = [
        *_out_of_limits(rows, MetaFeatures),
        *_out_of_limits(rows, ImportedConfiguration),
        *_against_schema(rows),
        *_without_score(rows),
    ]
    return first_of_each(faults)


def first_of_each(faults: Collection[Fault]) -> list[Fault]:
    """Keep the first fault of each value, sorted by row."""
    first: dict[tuple[int, str], Fault] = {}
    for fault in faults:
        first.setdefault((fault.row, fault.column), fault)
    return sorted(first.values(), key=lambda fault: fault.row)


def _out_of_limits(rows: pd.DataFrame, model: type[BaseModel]) -> list[Fault]:
    schema = model.model_json_schema()
    return [
        Fault(int(row), column, reason)
        for column in model.model_fields
        for value in rows[column].dropna().unique()
        if (reason := _reason(model, schema, column, value))
        for row in rows.index[rows[column] == value]
    ]


def _reason(
    model: type[BaseModel], schema: dict[str, object], column: str, value: object
) -> str | None:
    """Say why the model refuses a value of one of its fields; None if it does not."""
    try:
        model.model_validate({column: value})
    except ValidationError as error:
        offences = [offence for offence in error.errors() if offence["loc"][0] == column]
        for said in describe_offences(schema, offences):
            return "cannot be: " + said.removeprefix(f"{column} = {value!r}: ")
    return None


def _against_schema(rows: pd.DataFrame) -> list[Fault]:
    # The ids are made when all else is right; until then the row tells trials apart.
    numbered = rows.assign(trial_id=rows.index.astype("str")).reset_index(drop=True)
    try:
        HistorySchema.validate(numbered, lazy=True)
    except SchemaErrors as error:
        # A case without a row is a check that could not run on values listed anyway.
        cases = error.failure_cases.dropna(subset="index")
        return [
            Fault(int(rows.index[int(place)]), str(column), _broken(str(check)))
            for place, column, check in cases[["index", "column", "check"]].to_numpy()
        ]
    return []


def _broken(check: str) -> str:
    return _BROKEN.get(check, f"fails the check {check}")


def _without_score(rows: pd.DataFrame) -> list[Fault]:
    scoreless = rows.index[(rows["status"] == "finished") & rows[ACCURACY].isna()]
    return [Fault(int(row), ACCURACY, "is missing though the trial finished") for row in scoreless]
