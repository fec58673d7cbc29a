"""The store of trials: one JSON file each, which appears whole or not at all."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from metallmix_kedro.support import whole_file

Record = dict[str, Any]
_SUFFIX = ".json"


def _read(path: Path) -> Record:
    record: Record = json.loads(path.read_bytes())
    return record


class TrialStoreDataset(AbstractDataset[dict[str, Record], dict[str, Callable[[], Record]]]):
    """Saves some trials beside those already there, and loads all, each when it is asked for.

    Kedro's `PartitionedDataset` writes files in place, so a run that is killed leaves half of one;
    it raises an error before the first is stored; and going through ten thousand takes it minutes.

    Parameters
    ----------
    path : str
        The folder; ``<dataset>/<trial>.json`` below it.
    metadata : dict, optional
        For kedro-viz.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], Record]]:
        """Return a function for each stored trial that reads it; none if nothing is stored yet."""
        return {
            path.relative_to(self._path).as_posix().removesuffix(_SUFFIX): partial(_read, path)
            for path in sorted(self._path.glob(f"*/[!.]*{_SUFFIX}"))
        }

    def save(self, data: dict[str, Record]) -> None:
        """Store trials, by ``<dataset>/<trial>``."""
        for name, record in data.items():
            with whole_file(self._path / f"{name}{_SUFFIX}") as file:
                file.write(json.dumps(record, indent=1).encode())

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
