from .archives import unpacked_name as unpacked_name
from .folds import assign_folds as assign_folds
from .inspection import read_size as read_size
from .layout.asking import counted as counted
from .layout.labelling import label_folder as label_folder
from .layout.listing import Labels as Labels, list_folder as list_folder
from .manifest import (
    INCLUDED as INCLUDED,
    build_manifest as build_manifest,
    data_hash as data_hash,
    ingest_datasets as ingest_datasets,
)
from .near_copies import near_copy_groups as near_copy_groups, thumbnail as thumbnail
from .opening import open_image as open_image
from .parameters import (
    DEFAULT_MAX_PIXELS as DEFAULT_MAX_PIXELS,
    LAYOUT_DESCRIPTION as LAYOUT_DESCRIPTION,
    DataIngestionParameters as DataIngestionParameters,
    DatasetEntry as DatasetEntry,
    LabelsCsv as LabelsCsv,
    MaxPixels as MaxPixels,
    MaxUnpacked as MaxUnpacked,
)
from .pictures import draw_dataset as draw_dataset
from .reasons import MENDS as MENDS, Reason as Reason, mends as mends
from .sources import open_source as open_source, resolve_root as resolve_root
from .summary import describe_summary as describe_summary, summarise_manifest as summarise_manifest
