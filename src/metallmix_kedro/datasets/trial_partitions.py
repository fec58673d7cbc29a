"""The store of trials: partitions of which there may be none yet."""

from collections.abc import Callable
from typing import Any

from kedro_datasets.partitions import PartitionedDataset


class TrialPartitionsDataset(PartitionedDataset):
    """A `PartitionedDataset` that loads as an empty mapping before the first trial is stored.

    Kedro's own raises an error there, which would make the first run of a grid different from
    every later one.
    """

    def load(self) -> dict[str, Callable[[], Any]]:
        """Return a loader for each stored trial; none if nothing is stored yet."""
        self._invalidate_caches()
        if not self._list_partitions():
            return {}
        loaders: dict[str, Callable[[], Any]] = super().load()
        return loaders
