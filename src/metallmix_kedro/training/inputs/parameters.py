"""Parameters of the cache of arrays."""

from typing import Annotated

from pydantic import Field

from metallmix_kedro.support import FilePath, Parameters

Gigabytes = Annotated[float, Field(gt=0)]


class CacheParameters(Parameters):
    """Where pixels and frozen activations are kept, and how much disk and memory they may take.

    Arrays that are larger than ``max_memory_gb`` are read from disk batch by batch; what is used
    least recently is deleted before ``max_disk_gb`` would be exceeded (10^9 bytes each).
    """

    root: FilePath
    max_disk_gb: Gigabytes
    max_memory_gb: Gigabytes
