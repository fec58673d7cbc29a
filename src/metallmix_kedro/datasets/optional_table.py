"""Tables that need not be there: of a new data root, or of a domain that has none."""

import logging
from typing import Any

import pandas as pd
from kedro.utils import load_obj
from kedro_datasets.pandas import CSVDataset, ParquetDataset

logger = logging.getLogger(__name__)


class _Optional:
    """Loads an empty table where none is stored.

    A version that is asked for by name has to be there all the same.

    Parameters
    ----------
    empty : str or list of str
        The empty table: the function that makes it, by its import path, or its columns.
    **arguments
        Those of Kedro's own dataset.
    """

    def __init__(self, *, empty: str | list[str], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._empty = empty

    def load(self) -> pd.DataFrame:
        """Load the table, or make an empty one."""
        dataset: Any = super()
        pinned = self._version and self._version.load  # type: ignore[attr-defined]
        if pinned or dataset.exists():
            table: pd.DataFrame = dataset.load()
            return table
        logger.info("%s: none is stored yet", self._filepath.name)  # type: ignore[attr-defined]
        if isinstance(self._empty, list):
            return pd.DataFrame(columns=self._empty)
        made: pd.DataFrame = load_obj(self._empty)()
        return made


class OptionalParquetDataset(_Optional, ParquetDataset):
    """A parquet file that need not be there."""


class OptionalCSVDataset(_Optional, CSVDataset):
    """A CSV file that need not be there."""
