"""Importing somebody's past trials: their table, by a mapping, as rows of the history."""

import hashlib
import json
import logging
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from metallmix_kedro.declared import features, meta_feature_columns
from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.importing.datasets import described_datasets
from metallmix_kedro.history.importing.mapping import HistoryMapping, read_mapping
from metallmix_kedro.history.importing.report import bad_values, log, n_rows, refusal
from metallmix_kedro.history.importing.stores import read_store
from metallmix_kedro.history.importing.tables import Table, read_table
from metallmix_kedro.history.importing.values import parse_cells, translate
from metallmix_kedro.history.schema import Fault, checked, first_of_each, history_schema
from metallmix_kedro.support import InputError

logger = logging.getLogger(__name__)

_IMPORTED = "imported"


def import_histories(paths: Sequence[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Import several histories, all or none of them.

    Parameters
    ----------
    paths : sequence of str
        Mapping files.

    Returns
    -------
    trials : pandas.DataFrame
        Satisfies `history_schema`; empty without a path.
    report : dict
        ``imports``: the report of `import_history` on each.

    Raises
    ------
    InputError
        If one of them cannot be imported, or two have the same name.
    """
    imports = [import_history(Path(path).expanduser()) for path in paths]
    names = [report["name"] for _, report in imports]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"Two mapping files of experiment_grid.imports have the name {', '.join(twice)}. The "
            "name says which earlier rows an import replaces: give each its own."
        )
    empty = pd.DataFrame(columns=list(history_columns()), dtype=object)
    trials = pd.concat([empty, *(rows for rows, _ in imports)], ignore_index=True)
    validated: pd.DataFrame = history_schema().validate(trials)
    return validated, {"imports": [report for _, report in imports]}


def import_history(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Import one history.

    Parameters
    ----------
    path : Path
        Its mapping file.

    Returns
    -------
    trials : pandas.DataFrame of object
        Columns `history_columns`, source ``"imported"``, proposer ``"import:<name>"``. A trial's id
        is a hash of the import's name and of all that is known of the trial: the same file gives
        the same ids.
    report : dict
        What became of the rows, as JSON values: ``rows`` of the table, ``left_out`` by ``only``
        and ``drop``, ``trials`` imported by dataset, ``excluded`` (a `BadValue` each; a row may
        have several); and of what: ``name``, ``mapping``, ``file``, ``sha256`` of its bytes or of
        what was read from a store, ``on_bad_rows``.

    Raises
    ------
    InputError
        If mapping or tables cannot be used, if no trial is left, or if there is a bad row and the
        mapping says ``on_bad_rows: refuse``; the bad rows are listed.
    """
    mapping = read_mapping(path)
    table, sha256 = _read(mapping, path)
    chosen = _choose(table.cells, mapping)
    if chosen.empty and not table.faults:
        left = " that only and drop leave" if len(table.cells) else ""
        raise InputError(
            f"{mapping.file} has no row to import{left} (import {mapping.name}, mapping file "
            f"{path})."
        )
    values, unreadable = _fill(chosen, mapping, path.parent)
    # The ids are made when all else is right; until then the row tells trials apart.
    _, wrong = checked(values.assign(trial_id=values.index.astype("str")))
    marks = pd.Series("", index=chosen.index) if mapping.id is None else chosen[mapping.id]
    unmarked = [
        Fault(int(row), "trial_id", "is missing, but id names the column")
        for row in marks.index[marks.isna()]
    ]
    faults = first_of_each([*table.faults, *unreadable, *_out_of_limits(values), *wrong, *unmarked])
    good = values.drop(index=[fault.row for fault in faults], errors="ignore")
    good, twice = _with_ids(good, mapping.name, marks)
    bad = bad_values([*faults, *twice], chosen, values, mapping)
    if bad and (mapping.on_bad_rows == "refuse" or good.empty):
        raise InputError(refusal(mapping, path, bad, len(chosen) + len(table.faults)))
    report = {
        "name": mapping.name,
        "mapping": path.as_posix(),
        "file": str(mapping.file),
        "sha256": sha256,
        "on_bad_rows": mapping.on_bad_rows,
        "rows": len(table.cells) + len(table.faults),
        "left_out": len(table.cells) - len(chosen),
        "trials": good["dataset"].value_counts().sort_index().to_dict(),
        "excluded": [one._asdict() for one in bad],
        "n_trials": len(good),
        "n_excluded_rows": n_rows(bad),
    }
    log(report, bad)
    return good, report


def _read(mapping: HistoryMapping, path: Path) -> tuple[Table, str]:
    """Read the trials' cells; with a hash of the file, or of what was read from a store."""
    columns = _needed_columns(mapping)
    if isinstance(mapping.file, str):
        file = path.parent / mapping.file
        table, content = read_table(file, columns, mapping), file.read_bytes()
    else:
        try:
            table = Table(read_store(mapping.file, columns, path.parent), [])
        except InputError as error:
            raise InputError(f"Mapping file {path}, {error}") from error
        content = table.cells.to_csv().encode()
    return table, hashlib.sha256(content).hexdigest()


def _needed_columns(mapping: HistoryMapping) -> list[str]:
    named = [*mapping.columns.values(), *mapping.only, *mapping.drop]
    return list(dict.fromkeys(named + ([] if mapping.id is None else [mapping.id])))


def _choose(cells: pd.DataFrame, mapping: HistoryMapping) -> pd.DataFrame:
    """Keep the rows that ``only`` and ``drop`` leave."""
    kept = pd.Series(True, index=cells.index)
    for column, values in mapping.only.items():
        kept &= cells[column].isin(values)
    for column, values in mapping.drop.items():
        kept &= ~cells[column].isin(values)
        # Of a name that is mistyped, the rows would come in.
        for value in sorted(set(values) - set(cells[column])):
            logger.warning(
                "Import %s: drop names '%s', which stands nowhere in the column '%s'.",
                mapping.name,
                value,
                column,
            )
    return cells[kept]


def _fill(
    chosen: pd.DataFrame, mapping: HistoryMapping, folder: Path
) -> tuple[pd.DataFrame, list[Fault]]:
    """Fill the columns of the history from the chosen rows and from all else the mapping says."""
    cells = pd.DataFrame(
        {
            ours: translate(chosen[theirs], mapping.values.get(ours, {}))
            for ours, theirs in mapping.columns.items()
        },
        index=chosen.index,
    )
    values, faults = parse_cells(cells, mapping.scale, mapping.decimal)
    values = values.reindex(columns=list(history_columns())).astype(object)
    constants = mapping.constants
    if "dataset" in constants:
        values["dataset"] = constants["dataset"]
    _describe(values, mapping, folder)
    # A column of theirs stays empty where it is: only what they do not give is the same for all.
    defaults = {"status": "finished"} if "status" not in mapping.columns else {}
    for column, value in (defaults | constants).items():
        values[column] = values[column].where(values[column].notna(), value)
    return values.assign(source=_IMPORTED, proposer=f"import:{mapping.name}"), faults


def _out_of_limits(values: pd.DataFrame) -> list[Fault]:
    """Find values that mean nothing, in whatever search space.

    Any word without order may be named, any number be given that makes sense; of words in an order
    only those that are declared, because the surrogate knows them by their rank.
    """
    return [
        Fault(int(row), column, problem)
        for column, declared in features().items()
        for value in values[column].dropna().unique()
        if (problem := declared.problem_with(value))
        for row in values.index[values[column] == value]
    ]


def _describe(values: pd.DataFrame, mapping: HistoryMapping, folder: Path) -> None:
    """Where a trial has no meta-features of its own, fill in what is said of its dataset."""
    names = set(values["dataset"].dropna())
    described = described_datasets(mapping, folder, names)
    for name in sorted(set(described.index) - names):
        logger.warning(
            "Import %s: the dataset '%s' is described, but no trial is on it.", mapping.name, name
        )
    for column in meta_feature_columns():
        said = values["dataset"].map(described[column])
        values[column] = values[column].where(values[column].notna(), said).astype(object)


def _with_ids(rows: pd.DataFrame, name: str, marks: pd.Series) -> tuple[pd.DataFrame, list[Fault]]:
    """Give trials their ids; of several that agree in everything, the mark too, the first stays."""
    ids = pd.Series(
        [
            _trial_id(name, str(marks[row]), values)
            for row, values in zip(rows.index, rows.to_dict("records"), strict=True)
        ],
        index=rows.index,
        dtype=object,
    )
    again = ids.duplicated()
    first = dict(zip(ids[~again], ids.index[~again], strict=True))
    reason = (
        "agrees in everything with row {}; if these are two trials, name a column that tells them "
        "apart (id)"
    )
    faults = [
        Fault(int(row), "trial_id", reason.format(first[ids[row]])) for row in ids.index[again]
    ]
    return rows.assign(trial_id=ids)[~again], faults


def _trial_id(name: str, mark: str, values: Mapping[Hashable, Any]) -> str:
    # Without what is missing, so that a column the history gets later changes no id.
    known = {str(key): value for key, value in values.items() if not pd.isna(value)}
    content = json.dumps([name, mark, known], sort_keys=True)
    return f"{_IMPORTED}-{name}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
