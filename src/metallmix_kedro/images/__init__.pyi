from .archives import unpacked_name as unpacked_name
from .folds import assign_folds as assign_folds
from .inspection import IMAGE_FORMATS as IMAGE_FORMATS, Reason as Reason, read_size as read_size
from .labelling import Labels as Labels, label_by_folder as label_by_folder
from .listing import list_folder as list_folder
from .manifest import (
    INCLUDED as INCLUDED,
    build_manifest as build_manifest,
    data_hash as data_hash,
    ingest_datasets as ingest_datasets,
)
from .parameters import (
    DEFAULT_MAX_PIXELS as DEFAULT_MAX_PIXELS,
    DataIngestionParameters as DataIngestionParameters,
    DatasetEntry as DatasetEntry,
    MaxPixels as MaxPixels,
    MaxUnpacked as MaxUnpacked,
)
from .pictures import draw_dataset as draw_dataset
from .sources import open_source as open_source, resolve_root as resolve_root
from .summary import describe_summary as describe_summary, summarise_manifest as summarise_manifest
