"""What a mapping says of the datasets its trials ran on: plain values, cards, a second table."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from metallmix_kedro.declared import meta_feature_columns
from metallmix_kedro.history.importing.mapping import HistoryMapping
from metallmix_kedro.history.importing.tables import read_table
from metallmix_kedro.history.importing.values import parse_cells, translate
from metallmix_kedro.meta_features import read_card
from metallmix_kedro.support import InputError


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
    described = pd.DataFrame(columns=list(meta_feature_columns()), dtype=object)
    said_here = pd.DataFrame.from_dict(mapping.datasets, orient="index")
    for said in (said_here, _on_cards(mapping, folder), _in_table(mapping, folder, names)):
        described = described.combine_first(said.astype(object))
    return described.reindex(columns=list(meta_feature_columns()))


def _on_cards(mapping: HistoryMapping, folder: Path) -> pd.DataFrame:
    found: dict[str, dict[str, object]] = {}
    for path in mapping.dataset_cards:
        card = read_card(folder / path, f"dataset_cards of the import {mapping.name}")
        if card.name in found:
            raise InputError(
                f"Two dataset_cards of the import {mapping.name} describe {card.name}; the second "
                f"is {folder / path}. Keep one."
            )
        found[card.name] = card.meta_features().model_dump()
    return pd.DataFrame.from_dict(found, orient="index")


def _in_table(mapping: HistoryMapping, folder: Path, names: Collection[str]) -> pd.DataFrame:
    how = mapping.dataset_table
    if how is None:
        return pd.DataFrame()
    path = folder / how.file
    cells, ragged = read_table(path, {how.key, *how.columns.values()}, how)
    # Both files may call a dataset as they like, if they agree.
    keys = translate(cells[how.key], mapping.values.get("dataset", {}))
    keys = keys[keys.isin(list(names))]
    cells = cells.loc[keys.index]
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
    listed = [*(f"row {row} {reason}" for row, _, reason in ragged), *twice, *bad]
    if listed:
        raise InputError(
            f"{path} (dataset_table of the import {mapping.name}) cannot be used:\n- "
            + "\n- ".join(listed)
        )
    return values.set_axis(keys, axis=0)
