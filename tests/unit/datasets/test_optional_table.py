"""Tables that need not be there."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.io.core import DatasetError, Version

from metallmix_kedro.datasets.optional_table import OptionalCSVDataset, OptionalParquetDataset
from metallmix_kedro.meta_features.probes.columns import no_probes

TABLE = pd.DataFrame({"a": [1, 2]})
PROBES = "metallmix_kedro.meta_features.probes.columns.no_probes"


def dataset(path: Path, **values: Any) -> OptionalParquetDataset:
    given = {"empty": PROBES, "version": Version(None, None), **values}
    return OptionalParquetDataset(filepath=str(path / "table.parquet"), **given)


def test_none_is_an_empty_one(tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(dataset(tmp_path).load(), no_probes())


def test_what_is_stored_is_loaded(tmp_path: Path) -> None:
    dataset(tmp_path).save(TABLE)
    pd.testing.assert_frame_equal(dataset(tmp_path).load(), TABLE)


def test_a_version_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    dataset(tmp_path).save(TABLE)
    with pytest.raises(DatasetError):
        dataset(tmp_path, version=Version("2020-01-01T00.00.00.000Z", None)).load()


def test_a_damaged_table_is_no_empty_one(tmp_path: Path) -> None:
    broken = dataset(tmp_path, version=None)
    (tmp_path / "table.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetError):
        broken.load()


def test_columns_may_be_listed(tmp_path: Path) -> None:
    table = OptionalCSVDataset(filepath=str(tmp_path / "x.csv"), empty=["a", "b"]).load()
    assert (list(table), len(table)) == (["a", "b"], 0)


def test_it_stands_in_a_catalog_and_is_told_from_it(tmp_path: Path) -> None:
    kind = "metallmix_kedro.datasets.optional_table.OptionalParquetDataset"
    entry = {"type": kind, "filepath": str(tmp_path / "t.parquet"), "empty": PROBES}
    catalog = DataCatalog.from_config({"probes": {**entry, "versioned": True}})
    assert catalog["probes"].load().empty
    assert catalog.to_config()[0]["probes"]["empty"] == PROBES
