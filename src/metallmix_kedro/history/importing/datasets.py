"""What a mapping says of the datasets its trials ran on: plain values, cards, a second table."""

from collections.abc import Collection, Iterable
from pathlib import Path

import pandas as pd

from metallmix_kedro.declared import meta_feature_columns
from metallmix_kedro.history.importing.mapping import HistoryMapping
from metallmix_kedro.history.importing.tables import read_table
from metallmix_kedro.history.importing.values import parse_cells, translate
from metallmix_kedro.meta_features import read_card
from metallmix_kedro.support import InputError

Described = dict[str, dict[str, object]]
"""Name of a dataset -> meta-feature -> value."""


def described_datasets(
    mapping: HistoryMapping, folder: Path, names: Collection[str]
) -> pd.DataFrame:
    """Collect the meta-features that a mapping gives of datasets.

    Of several values of one meta-feature the one in ``datasets`` counts, else the one of a card,
    else the one of ``dataset_table``.

    Parameters
    ----------
    mapping : HistoryMapping
        The mapping.
    folder : Path
        The folder to which its paths are relative.
    names : collection of str
        Datasets whose rows of ``dataset_table`` are wanted; the others are not looked at.

    Returns
    -------
    pandas.DataFrame of object
        One row a described dataset, its name as index; columns `meta_feature_columns`, missing
        where nothing is said.

    Raises
    ------
    InputError
        If a card, the table or a value cannot be used; file, row, column and value are named.
    """
    described: Described = {}
    for source in (_in_table(mapping, folder, names), _on_cards(mapping, folder), _said(mapping)):
        for name, values in source.items():
            described.setdefault(name, {}).update(values)
    return pd.DataFrame(
        list(described.values()),
        index=pd.Index(list(described), dtype="str"),
        columns=list(meta_feature_columns()),
        dtype=object,
    )


def _said(mapping: HistoryMapping) -> Described:
    names = list(mapping.datasets)
    cells = pd.DataFrame(list(mapping.datasets.values()), dtype="str")
    values, faults = parse_cells(cells, scale={}, decimal=".")
    refuse(
        f"The import {mapping.name} describes datasets in a way that cannot be used",
        (
            f"datasets.{names[row]}.{column}: '{cells[column][row]}' {reason}"
            for row, column, reason in faults
        ),
    )
    return _by_name(names, values)


def _on_cards(mapping: HistoryMapping, folder: Path) -> Described:
    found: Described = {}
    for path in mapping.dataset_cards:
        card = read_card(folder / path, f"dataset_cards of the import {mapping.name}")
        if card.name in found:
            raise InputError(
                f"Two dataset_cards of the import {mapping.name} describe {card.name}; the second "
                f"is {folder / path}. Keep one."
            )
        found[card.name] = card.meta_features().model_dump()
    return found


def _in_table(mapping: HistoryMapping, folder: Path, names: Collection[str]) -> Described:
    how = mapping.dataset_table
    if how is None:
        return {}
    path = folder / how.file
    cells, ragged = read_table(path, {how.key, *how.columns.values()}, how)
    # Both files may call a dataset as they like, if they agree.
    keys = translate(cells[how.key], mapping.values.get("dataset", {}))
    wanted = keys.isin(list(names))
    keys, cells = keys[wanted], cells[wanted]
    theirs = pd.DataFrame(
        {
            ours: translate(cells[column], mapping.values.get(ours, {}))
            for ours, column in how.columns.items()
        }
    )
    values, faults = parse_cells(theirs, mapping.scale, mapping.decimal)
    twice = [
        f"row {row}, column '{how.key}': '{key}' stands twice"
        for row, key in keys[keys.duplicated()].items()
    ]
    bad = [
        f"row {row}, column '{how.columns[column]}': '{theirs[column][row]}' {reason}"
        for row, column, reason in faults
    ]
    refuse(
        f"{path} (dataset_table of the import {mapping.name}) cannot be used",
        [*(f"row {row} {reason}" for row, _, reason in ragged), *twice, *bad],
    )
    return _by_name(keys, values)


def _by_name(names: Iterable[str], values: pd.DataFrame) -> Described:
    rows = values.to_dict("records")
    return {
        name: {str(column): value for column, value in row.items() if not pd.isna(value)}
        for name, row in zip(names, rows, strict=True)
    }


def refuse(what: str, faults: Iterable[str]) -> None:
    """Raise `InputError` where there is a fault, listing all of them."""
    listed = list(faults)
    if listed:
        raise InputError(f"{what}:\n- " + "\n- ".join(listed))
